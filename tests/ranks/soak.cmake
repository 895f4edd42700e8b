# Spawning again and again, to see whether it ever hangs: a little here, thousands of runs by hand (tests/spawn-soak).
add_executable(soak ranks/soak.c)
target_link_libraries(soak PRIVATE multirank_static)
add_test(NAME spawn_soak COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/spawn-soak" 10 $<TARGET_FILE:soak>)
set_tests_properties(spawn_soak PROPERTIES LABELS ranks TIMEOUT 600 RUN_SERIAL TRUE)
