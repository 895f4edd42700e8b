# An installed copy, used by a project of its own. The flags are those of this build: a sanitizer must be in both.
string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
separate_arguments(flags NATIVE_COMMAND "${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${type}}")
add_test(NAME package.consumer
         COMMAND "${CMAKE_CURRENT_LIST_DIR}/check.sh" "${PROJECT_BINARY_DIR}" "${CMAKE_C_COMPILER}" ${flags})
set_tests_properties(package.consumer PROPERTIES LABELS unit TIMEOUT 180 RUN_SERIAL TRUE)
