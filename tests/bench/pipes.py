"""Python's side of the benchmark of pipes: pipes.py small|large COUNT

Prints the seconds that 8 bytes take one way, or 1 MiB in a stream.
"""
import multiprocessing
import sys
import time


def echo(end, count):
    for _ in range(2 * count):
        end.send_bytes(end.recv_bytes())


def drain(end, count):
    for _ in range(2):
        for _ in range(count):
            end.recv_bytes()
        end.send_bytes(b"x")


def go_there_and_back(end, count):
    for _ in range(count):
        end.send_bytes(bytes(8))
        end.recv_bytes()


def stream(end, count):
    message = bytes(1 << 20)
    for _ in range(count):
        end.send_bytes(message)
    end.recv_bytes()


if __name__ == "__main__":
    small = sys.argv[1] == "small"
    count = int(sys.argv[2])
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=echo if small else drain, args=(theirs, count))
    process.start()
    turn = go_there_and_back if small else stream
    turn(mine, count)
    begin = time.monotonic()
    turn(mine, count)
    print((time.monotonic() - begin) / count / (2 if small else 1))
    process.join()
