/* Programs that were started separately cannot be connected: every call says so, at once and in one sentence. The
 * comments name the tests of CPython's own suite that would be for them. */
#include "scenario.h"
#include "targets.h"

#include <math.h>
#include <string.h>

/* Each call with good arguments. */
static void check_calls(mr_status status)
{
    mr_listener l = {0};
    mr_connection c = {0};
    CHECK_STATUS(mr_listener_init(&l, "here", "key", 3), status);
    CHECK_STATUS(mr_listener_init(&l, "here", NULL, 0), status);
    CHECK_STATUS(mr_listener_accept(&l, &c, MR_FOREVER), status);
    CHECK_STATUS(mr_listener_close(&l), status);
    CHECK_STATUS(mr_connection_connect(&c, "here", "key", 3, MR_FOREVER), status);
}

/* _TestListener.test_multiple_bind, test_context, test_empty_authkey; _TestListenerClient.test_listener_client,
 * test_issue14725, test_issue16955; TestIgnoreEINTR.test_ignore_listener;
 * OtherTest.test_deliver_challenge_auth_failure, test_answer_challenge_auth_failure;
 * ChallengeResponseTest.test_challengeresponse */
SCENARIO(listener, is_not_supported)
{
    char key[257] = {0};
    mr_listener l = {0};
    mr_connection c = {0};
    double before = now();
    check_calls(MR_ENOTSUP);
    CHECK_AT_MOST(now() - before, 1); /* nobody waits for ever */
    CHECK(strstr(mr_last_error(), "as a process of this program") != NULL);
    CHECK(mr_connection_is_closed(&c));

    CHECK_STATUS(mr_listener_init(NULL, "here", NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, NULL, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, "", NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, "here", NULL, 1), MR_EINVAL);
    CHECK_STATUS(mr_listener_init(&l, "here", key, sizeof key), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(NULL, &c, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(&l, NULL, 0), MR_EINVAL);
    CHECK_STATUS(mr_listener_accept(&l, &c, NAN), MR_EINVAL);
    CHECK_STATUS(mr_listener_close(NULL), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(NULL, "here", NULL, 0, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "", NULL, 0, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "here", NULL, 1, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "here", key, sizeof key, 0), MR_EINVAL);
    CHECK_STATUS(mr_connection_connect(&c, "here", NULL, 0, NAN), MR_EINVAL);
    CHECK(works());
}

PROGRAM(listener, before_init_and_after_finalize, .exit_code = 0)
{
    check_calls(MR_ENOTINIT);
    CHECK_OR_STOP(CHECK_OK(mr_init(&argc, &argv)));
    CHECK_OK(mr_finalize());
    check_calls(MR_EFINALIZED);
    return 0;
}
