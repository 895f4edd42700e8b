# The CMakeLists.txt of a program outside of Multirank's tree that uses an installed copy.
cmake_minimum_required(VERSION 3.25)
project(hello LANGUAGES C)

find_package(multirank 0.1 REQUIRED)
add_executable(hello_shared hello.c)
target_link_libraries(hello_shared PRIVATE multirank::multirank)

find_package(multirank 0.1 REQUIRED COMPONENTS static)
add_executable(hello_static hello.c)
target_link_libraries(hello_static PRIVATE multirank::multirank_static)
