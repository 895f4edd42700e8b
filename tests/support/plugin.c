/* A library that a test loads by dlopen: functions and objects that other ranks are to find there. */
#include <multirank.h>

#include <unistd.h>

int plugin_returns_nine(const void *args, size_t size);
int plugin_squares(const void *in, void *out);
int plugin_action(void);
extern const mr_class plugin_class;
extern const mr_type plugin_type;

int plugin_returns_nine(const void *args, size_t size)
{
    (void)args, (void)size;
    return 9;
}

int plugin_squares(const void *in, void *out)
{
    *(int *)out = *(const int *)in * *(const int *)in;
    return 0;
}

int plugin_action(void)
{
    return 0;
}

static int run(mr_process *self)
{
    (void)self;
    return 8;
}

const mr_class plugin_class = {"Plugged", sizeof(mr_process), run};

static mr_status answer(void *self, const mr_item args[], size_t count, mr_reply *reply)
{
    (void)self, (void)args, (void)count;
    return mr_reply_set(reply, &MR_INT(7), 1);
}

static const mr_method methods[] = {{"answer", answer}};
const mr_type plugin_type = {.name = "Plugged", .size = 8, .methods = methods, .method_count = 1};
