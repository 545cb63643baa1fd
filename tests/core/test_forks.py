import os
import signal
import threading

import pytest

from slmkit.forks import ForkSafeLock, forked

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")


def in_a_fork(check):
    child = os.fork()
    if not child:
        signal.alarm(20)  # a lock that nobody frees is waited for without end
        os._exit(0 if check() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_lock_that_another_thread_holds_is_free_in_a_fork():
    lock, held, done = ForkSafeLock(), threading.Event(), threading.Event()

    def hold():
        with lock:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)

    def take():
        with lock, lock:
            return True

    try:
        assert in_a_fork(take) == 0
    finally:
        done.set()
        thread.join()


def test_a_fork_knows_that_it_is_one():
    assert not forked()
    assert in_a_fork(forked) == 0
