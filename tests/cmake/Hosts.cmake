# The fixture hosts: simulated hosts that are up before the first test that requires them, and down after the last.
add_test(NAME hosts.up COMMAND "${TEST_HOSTS}" up ${TEST_HOSTS_COUNT})
add_test(NAME hosts.down COMMAND "${TEST_HOSTS}" down)
set_tests_properties(hosts.up PROPERTIES LABELS hosts FIXTURES_SETUP hosts SKIP_RETURN_CODE 77 RUN_SERIAL TRUE)
set_tests_properties(hosts.down PROPERTIES LABELS hosts FIXTURES_CLEANUP hosts RUN_SERIAL TRUE)
