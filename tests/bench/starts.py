"""Python's side of the benchmark: starts.py METHOD COUNT

Starts and joins COUNT processes one after another and prints the seconds that one takes, on average.
"""
import multiprocessing
import sys
import time


def nothing():
    pass


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    count = int(sys.argv[2])
    begin = time.monotonic()
    for _ in range(count):
        process = context.Process(target=nothing)
        process.start()
        process.join()
        if process.exitcode != 0:
            sys.exit("starts.py: a process ended with %d" % process.exitcode)
        process.close()
    print((time.monotonic() - begin) / count)
