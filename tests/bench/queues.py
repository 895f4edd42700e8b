"""Python's side of the benchmark of queues: queues.py PRODUCERS CONSUMERS ITEMS SIZE

Prints the seconds that an item takes through one multiprocessing.Queue, when each producer puts ITEMS of SIZE bytes.
"""
import multiprocessing
import sys
import time


def produce(gate, items, done, count, size):
    item = bytes(size)
    done.put(None)
    gate.get()
    for _ in range(count):
        items.put(item)


def consume(gate, items, done, count):
    done.put(None)
    gate.get()
    for _ in range(count):
        items.get()
    done.put(None)


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    producers, consumers, count, size = map(int, sys.argv[1:])
    queues = [context.Queue() for _ in range(3)]
    gate, items, done = queues
    processes = [context.Process(target=produce, args=(*queues, count, size)) for _ in range(producers)]
    processes += [
        context.Process(target=consume, args=(*queues, count * producers // consumers)) for _ in range(consumers)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        done.get()
    begin = time.monotonic()
    for _ in processes:
        gate.put(None)
    for _ in range(consumers):
        done.get()
    seconds = time.monotonic() - begin
    for process in processes:
        process.join()
    print(seconds / (count * producers))
