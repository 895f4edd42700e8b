# Tests of the scripts in cluster/ and of tests/conformance.
add_test(NAME laptop.packages COMMAND "${CMAKE_CURRENT_LIST_DIR}/laptop-packages.sh" "${PROJECT_SOURCE_DIR}")
set_tests_properties(laptop.packages PROPERTIES LABELS unit TIMEOUT 30)
add_test(NAME laptop.tries COMMAND "${CMAKE_CURRENT_LIST_DIR}/tries.sh" "${PROJECT_SOURCE_DIR}")
set_tests_properties(laptop.tries PROPERTIES LABELS unit TIMEOUT 60)
add_test(NAME documents.twins COMMAND "${CMAKE_CURRENT_LIST_DIR}/twins.sh" "${PROJECT_SOURCE_DIR}")
set_tests_properties(documents.twins PROPERTIES LABELS unit TIMEOUT 30)
add_test(NAME multirank.info COMMAND "${CMAKE_CURRENT_LIST_DIR}/info.sh" "${PROJECT_SOURCE_DIR}"
                                     "$<TARGET_FILE:multirank_tool>")
set_tests_properties(multirank.info PROPERTIES LABELS hosts TIMEOUT 120 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
add_test(NAME conformance.script COMMAND "${CMAKE_CURRENT_LIST_DIR}/conformance.sh" "${PROJECT_SOURCE_DIR}")
set_tests_properties(conformance.script PROPERTIES LABELS unit TIMEOUT 60)
add_test(NAME hosts.script COMMAND "${CMAKE_CURRENT_LIST_DIR}/hosts.sh" "${PROJECT_SOURCE_DIR}")
set_tests_properties(hosts.script PROPERTIES LABELS hosts TIMEOUT 120 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
add_test(NAME hosts.launches COMMAND "${CMAKE_CURRENT_LIST_DIR}/launches.sh" "${PROJECT_SOURCE_DIR}"
                                     "$<TARGET_FILE:multirank_tool>")
set_tests_properties(hosts.launches PROPERTIES LABELS hosts TIMEOUT 180 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
add_test(NAME hosts.check COMMAND "${CMAKE_CURRENT_LIST_DIR}/check.sh" "${PROJECT_SOURCE_DIR}"
                                  "$<TARGET_FILE:multirank_tool>")
set_tests_properties(hosts.check PROPERTIES LABELS hosts TIMEOUT 180 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
add_test(NAME hosts.clocks COMMAND "${CMAKE_CURRENT_LIST_DIR}/clocks.sh" "${PROJECT_SOURCE_DIR}"
                                   "$<TARGET_FILE:test_pitfalls>")
set_tests_properties(hosts.clocks PROPERTIES LABELS hosts TIMEOUT 90 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
# Timing is no test; that cluster/hosts bench measures at all is one.
add_test(NAME hosts.bench COMMAND "${TEST_HOSTS}" bench --quick)
set_tests_properties(hosts.bench PROPERTIES LABELS hosts TIMEOUT 90 FIXTURES_REQUIRED hosts RUN_SERIAL TRUE ENVIRONMENT
                     "MULTIRANK_HOSTS_DIR=${TEST_HOSTS_STATE};MULTIRANK_BENCH=${CMAKE_BINARY_DIR}/tests/bench")
add_test(NAME source.arrows COMMAND "${CMAKE_CURRENT_LIST_DIR}/arrows.sh")
set_tests_properties(source.arrows PROPERTIES LABELS unit TIMEOUT 30)
add_test(NAME source.arrows_noticed COMMAND "${CMAKE_CURRENT_LIST_DIR}/arrows-noticed.sh" "${PROJECT_SOURCE_DIR}/src")
set_tests_properties(source.arrows_noticed PROPERTIES LABELS unit TIMEOUT 30)
