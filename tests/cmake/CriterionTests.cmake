# multirank_criterion_tests(<target> [RUN_SERIAL] [LABELS <label>...] [TIMEOUT <seconds>])
#
# One CTest test for each Criterion test of the executable, each in a process of its own. Criterion's suite/name becomes
# suite.name; a scenario's suite/name__launch becomes suite.name.launch, with the launch as one more label. Tests of
# the launches hosts and hostsN have the label hosts and require the fixture of that name.
set(MULTIRANK_CRITERION_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/WriteCriterionTests.cmake")

function(multirank_criterion_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "RUN_SERIAL" "TIMEOUT" "LABELS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "multirank_criterion_tests: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  list(JOIN arg_LABELS "," labels)
  set(tests "${CMAKE_CURRENT_BINARY_DIR}/${target}.ctest.cmake")
  add_custom_command(
    TARGET ${target} POST_BUILD BYPRODUCTS "${tests}"
    COMMAND "${CMAKE_COMMAND}" "-DEXECUTABLE=$<TARGET_FILE:${target}>" "-DTESTS=${tests}" "-DLABELS=${labels}"
            "-DTIMEOUT=${arg_TIMEOUT}" "-DRUN_SERIAL=${arg_RUN_SERIAL}" -P "${MULTIRANK_CRITERION_SCRIPT}"
    VERBATIM)
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${target}.include.cmake")
  file(WRITE "${include}" "if(EXISTS [==[${tests}]==])
  include([==[${tests}]==])
else()
  add_test(${target}.not_built ${target}.not_built)
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()
