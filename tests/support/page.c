#include "page.h"

#include "check.h"
#include "notes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

page *page_open(const char *name)
{
    int fd = open(note_path(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_OR_STOP(CHECK(fd >= 0) && CHECK_EQ(ftruncate(fd, sizeof(page)), 0));
    void *memory = mmap(NULL, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    CHECK_OR_STOP(CHECK(memory != MAP_FAILED));
    return memory;
}

bool page_await(page *p, int index, long wanted, double seconds)
{
    double end = now() + seconds;
    while (p->counts[index] < wanted && now() < end)
        rest(0.001);
    return p->counts[index] >= wanted;
}
