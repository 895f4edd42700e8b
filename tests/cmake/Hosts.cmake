# The fixture hosts: simulated hosts that are up before the first test that requires them, and down after the last.
# They have a state folder of their own, so that other hosts on this machine do not disturb them, and what a run that was
# killed has left there is cleared away first.
add_test(NAME hosts.up COMMAND sh -c "\"$0\" down && exec \"$0\" up \"$1\"" "${TEST_HOSTS}" ${TEST_HOSTS_COUNT})
add_test(NAME hosts.down COMMAND "${TEST_HOSTS}" down)
set_tests_properties(hosts.up hosts.down PROPERTIES ENVIRONMENT "MULTIRANK_HOSTS_DIR=${TEST_HOSTS_STATE}")
set_tests_properties(hosts.up PROPERTIES LABELS hosts FIXTURES_SETUP hosts SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
set_tests_properties(hosts.down PROPERTIES LABELS hosts FIXTURES_CLEANUP hosts RUN_SERIAL TRUE)
