# The quiz of the course: `multirank quiz`, and what is in its files.
set(quiz "$<TARGET_FILE:multirank_tool>" "${PROJECT_SOURCE_DIR}/lessons")
add_test(NAME quiz.exports COMMAND "${CMAKE_CURRENT_LIST_DIR}/exports.py" ${quiz})
add_test(NAME quiz.played COMMAND "${CMAKE_CURRENT_LIST_DIR}/played.sh" ${quiz})
add_test(NAME quiz.programs COMMAND "${CMAKE_CURRENT_LIST_DIR}/programs.sh" "${PROJECT_SOURCE_DIR}/lessons"
                                    "${PROJECT_SOURCE_DIR}/src" "$<TARGET_FILE:multirank>")
set_tests_properties(quiz.exports quiz.played quiz.programs PROPERTIES LABELS lesson TIMEOUT 180)
