# Tests of label slurm: a real Slurm over simulated hosts (the fixture), and the job scripts of slurm/ on it.
set(TEST_SLURM "${PROJECT_SOURCE_DIR}/cluster/slurm")
set(slurm_environment "MULTIRANK_SLURM_DIR=${TEST_HOSTS_STATE}-slurm" "MULTIRANK_SLURM_CPUS=2")

add_executable(slurm_tour "${CMAKE_CURRENT_LIST_DIR}/tour.c")
set_target_properties(slurm_tour PROPERTIES OUTPUT_NAME tour RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/slurm")
target_compile_definitions(slurm_tour PRIVATE _GNU_SOURCE)
target_link_libraries(slurm_tour PRIVATE multirank::multirank)

# What a run that was killed has left is cleared away first.
add_test(NAME slurm.up COMMAND sh -c "\"$0\" down && exec \"$0\" up 3" "${TEST_SLURM}")
add_test(NAME slurm.down COMMAND "${TEST_SLURM}" down)
set_tests_properties(slurm.up PROPERTIES FIXTURES_SETUP slurm)
set_tests_properties(slurm.down PROPERTIES FIXTURES_CLEANUP slurm)
foreach(test launches pinning lessons ends script)
  add_test(NAME slurm.${test}
           COMMAND "${CMAKE_CURRENT_LIST_DIR}/${test}.sh" "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}")
  set_tests_properties(slurm.${test} PROPERTIES FIXTURES_REQUIRED slurm)
endforeach()
set_tests_properties(slurm.up slurm.down slurm.launches slurm.pinning slurm.lessons slurm.ends slurm.script PROPERTIES
                     LABELS slurm ENVIRONMENT "${slurm_environment}" TIMEOUT 600 SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
