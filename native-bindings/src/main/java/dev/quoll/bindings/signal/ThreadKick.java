package dev.quoll.bindings.signal;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.linux.sigset_t;
import dev.quoll.bindings.linux.timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A way to get one platform thread out of a system call, without a signal handler: handlers would run foreign code in a
 * thread of the JVM. The thread blocks SIGUSR1, which the JVM leaves alone; a system call that takes a mask of its own
 * (KVM_RUN after KVM_SET_SIGNAL_MASK, ppoll) unblocks it inside, and returns EINTR when the signal is pending.
 * {@link #drain} takes the pending signal away before the next call.
 *
 * <p>Create it in the thread to be kicked, which must not be a virtual thread. {@link #kick} may be called from any
 * thread. The signal stays pending in the kernel, so a kick that comes early is not lost; several pending ones are one,
 * which a real-time signal would queue until the user's RLIMIT_SIGPENDING is used up.
 */
public final class ThreadKick implements AutoCloseable {
    private final MemorySegment set;
    private final MemorySegment inside;
    private final MemorySegment previous;
    private final MemorySegment zero;
    private final int signal;
    private final int process;
    private final int thread;
    private boolean closed;

    private ThreadKick() {
        var arena = Arena.ofAuto();
        signal = linux_h.SIGUSR1();
        process = linux_h.getpid();
        thread = linux_h.gettid();
        set = sigset_t.allocate(arena);
        inside = sigset_t.allocate(arena);
        previous = sigset_t.allocate(arena);
        zero = timespec.allocate(arena);
        var errno = CapturedErrno.current();
        if (linux_h.sigemptyset(errno, set) < 0 || linux_h.sigaddset(errno, set, signal) < 0) {
            throw NativeException.of("sigaddset", "signal " + signal, errno);
        }
        int error = linux_h.pthread_sigmask(linux_h.SIG_BLOCK(), set, inside);
        if (error != 0) {
            throw new NativeException("pthread_sigmask", "signal " + signal, error);
        }
        previous.copyFrom(inside);
        if (linux_h.sigdelset(errno, inside, signal) < 0) { // a parent thread may have handed its mask down
            throw NativeException.of("sigdelset", "signal " + signal, errno);
        }
    }

    /**
     * Prepares the calling thread: from here until {@link #close} the signal is blocked in it.
     *
     * @throws IllegalStateException in a virtual thread, which has no kernel thread of its own
     * @throws NativeException if the kernel refuses
     */
    public static ThreadKick forCurrentThread() {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread has no kernel thread to signal");
        }
        return new ThreadKick();
    }

    /** The signal's number; the mask a system call is given must not contain it. */
    public int signal() {
        return signal;
    }

    /**
     * The mask to have inside the interruptible call: what the thread had before, with the signal open.
     *
     * @return a {@code sigset_t} that lives as long as this object
     */
    public MemorySegment maskInside() {
        return inside;
    }

    /** Makes the thread's present or next interruptible call return EINTR. Does nothing after {@link #close}. */
    public synchronized void kick() {
        if (closed) {
            return;
        }
        var errno = CapturedErrno.current();
        if (linux_h.tgkill(errno, process, thread, signal) < 0) {
            throw NativeException.of("tgkill", "thread " + thread, errno);
        }
    }

    /**
     * Takes a pending kick away. Only in the thread itself.
     *
     * @return whether there was one
     */
    public boolean drain() {
        var errno = CapturedErrno.current();
        boolean kicked = false;
        while (true) {
            if (linux_h.sigtimedwait(errno, set, MemorySegment.NULL, zero) >= 0) {
                kicked = true; // look again: one sent to the whole process may wait behind this thread's own
            } else if (CapturedErrno.value(errno) == Errno.EAGAIN.number()) {
                return kicked;
            } else if (CapturedErrno.value(errno) != Errno.EINTR.number()) {
                throw NativeException.of("sigtimedwait", "signal " + signal, errno);
            }
        }
    }

    /** Ends kicking, drains what is pending and gives the thread its mask back. Only in the thread itself. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        drain();
        int error = linux_h.pthread_sigmask(linux_h.SIG_SETMASK(), previous, MemorySegment.NULL);
        if (error != 0) {
            throw new NativeException("pthread_sigmask", "signal " + signal, error);
        }
    }
}
