# The manual, the interface of the shared library, and the command's completion. scripts/licence.sh is to be one of them once
# every source has its line.
if(TARGET multirank_manual)
  add_test(NAME package.manual COMMAND "${CMAKE_CURRENT_LIST_DIR}/manual.sh" "${PROJECT_BINARY_DIR}/src/manual"
                                       "${PROJECT_SOURCE_DIR}/src" $<TARGET_FILE:multirank_tool>)
  set_tests_properties(package.manual PROPERTIES LABELS unit TIMEOUT 120)
endif()
add_test(NAME package.abi COMMAND "${CMAKE_CURRENT_LIST_DIR}/abi.sh" $<TARGET_FILE:multirank>)
add_test(NAME package.completion COMMAND "${CMAKE_CURRENT_LIST_DIR}/completion.sh" "${PROJECT_SOURCE_DIR}/src/completion"
                                         $<TARGET_FILE_DIR:multirank_tool>)
set_tests_properties(package.abi package.completion PROPERTIES LABELS unit TIMEOUT 60)
