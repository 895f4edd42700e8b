# An installed copy, used by a project of its own. The flags are those of this build: a sanitizer must be in both.
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
separate_arguments(flags NATIVE_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}}")
add_test(NAME package.consumer
         COMMAND "${CMAKE_CURRENT_LIST_DIR}/check.sh" "${PROJECT_BINARY_DIR}" "${CMAKE_C_COMPILER}" ${flags})
# Each header alone, in C and C++.
add_test(NAME package.headers
         COMMAND "${CMAKE_CURRENT_LIST_DIR}/headers.sh" "${PROJECT_SOURCE_DIR}/src" ${MPI_C_INCLUDE_DIRS})
set_tests_properties(package.headers PROPERTIES LABELS unit TIMEOUT 180)

# A program in C++, which uses what C++ has of its own.
include(CheckLanguage)
check_language(CXX)
if(CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_FLAGS_SANITIZE "${CMAKE_C_FLAGS_SANITIZE}")
  enable_language(CXX)
  add_executable(cxx_program package/cxx_program.cc)
  set_target_properties(cxx_program PROPERTIES CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF)
  target_include_directories(cxx_program SYSTEM PRIVATE ${MPI_C_INCLUDE_DIRS})
  target_link_libraries(cxx_program PRIVATE multirank)
  add_test(NAME package.cxx_program COMMAND cxx_program)
  set_tests_properties(package.cxx_program PROPERTIES LABELS ranks TIMEOUT 60 RUN_SERIAL TRUE)
else()
  add_test(NAME package.cxx_program COMMAND sh -c "echo 'skipped: there is no C++ compiler'; exit 77")
  set_tests_properties(package.cxx_program PROPERTIES LABELS ranks SKIP_RETURN_CODE 77)
endif()
set_tests_properties(package.consumer PROPERTIES LABELS unit TIMEOUT 180 RUN_SERIAL TRUE)

# Under gdb and valgrind; these know nothing of a program with a sanitizer in it.
if(NOT CMAKE_BUILD_TYPE STREQUAL Sanitize)
  add_executable(debugged package/debugged.c)
  target_compile_options(debugged PRIVATE -g -O0)
  target_link_libraries(debugged PRIVATE multirank)
  add_test(NAME package.debug
           COMMAND "${CMAKE_CURRENT_LIST_DIR}/debug.sh" $<TARGET_FILE:multirank_tool> $<TARGET_FILE:debugged>)
  set_tests_properties(package.debug PROPERTIES LABELS ranks TIMEOUT 400 RUN_SERIAL TRUE SKIP_RETURN_CODE 77)
endif()
