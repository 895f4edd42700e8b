# Tests of `multirank top` and `multirank stack`, which look at programs of their own.
add_executable(watched "${CMAKE_CURRENT_LIST_DIR}/watched.c")
target_compile_definitions(watched PRIVATE _GNU_SOURCE)
target_link_libraries(watched PRIVATE multirank::multirank)
add_test(NAME multirank.top COMMAND "${CMAKE_CURRENT_LIST_DIR}/top.sh" "$<TARGET_FILE:multirank_tool>"
                                    "$<TARGET_FILE:watched>")
set_tests_properties(multirank.top PROPERTIES LABELS ranks TIMEOUT 120 RUN_SERIAL TRUE)
target_sources(test_watch PRIVATE $<TARGET_OBJECTS:multirank_look>)
add_test(NAME multirank.stack_hosts COMMAND "${CMAKE_CURRENT_LIST_DIR}/hosts.sh" "${PROJECT_SOURCE_DIR}"
                                            "$<TARGET_FILE:multirank_tool>" "$<TARGET_FILE:watched>")
set_tests_properties(multirank.stack_hosts PROPERTIES LABELS hosts TIMEOUT 120 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
