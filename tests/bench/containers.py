"""Python's side of the benchmark of dicts: containers.py set|get|set-four AMOUNT

Prints the seconds that one such call on a multiprocessing.Manager's dict takes; of set-four, 4 processes at once.
"""
import multiprocessing
import sys
import time

KEYS, PROCESSES = 1000, 4


def write(shared, first, count):
    for i in range(count):
        shared[first + i % KEYS] = i


def read(shared, count):
    for i in range(count):
        shared[i % KEYS]


def work(shared, barrier, first, count):
    shared[first] = 0  # connects
    barrier.wait()
    write(shared, first, count)
    barrier.wait()


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    what, count = sys.argv[1], int(sys.argv[2])
    with context.Manager() as manager:
        shared = manager.dict({i: i for i in range(PROCESSES * KEYS)})
        if what == "set-four":
            barrier = context.Barrier(PROCESSES + 1)
            processes = [
                context.Process(target=work, args=(shared, barrier, i * KEYS, count)) for i in range(PROCESSES)
            ]
            for process in processes:
                process.start()
            barrier.wait()
            begin = time.monotonic()
            barrier.wait()
            seconds = (time.monotonic() - begin) / PROCESSES
            for process in processes:
                process.join()
        else:
            begin = time.monotonic()
            write(shared, 0, count) if what == "set" else read(shared, count)
            seconds = time.monotonic() - begin
        print(seconds / count)
