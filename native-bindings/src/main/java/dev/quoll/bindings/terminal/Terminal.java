package dev.quoll.bindings.terminal;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.NativeAccess;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.linux.termios;
import dev.quoll.bindings.linux.winsize;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A terminal's modes (termios(3)). The settings found at {@link #of} are kept, and {@link #restore} returns to them; a
 * caller that goes raw should also restore from a shutdown hook. Safe from any thread.
 */
public final class Terminal {
    private final FileDescriptor file;
    private final MemorySegment original = termios.allocate(Arena.ofAuto());

    private Terminal(FileDescriptor file) {
        this.file = file;
        var errno = CapturedErrno.current();
        if (linux_h.tcgetattr(errno, file.number(), original) < 0) {
            throw NativeException.of("tcgetattr", file.name(), errno);
        }
    }

    /** The terminal behind standard input; empty if that is no terminal, or without native access. */
    public static Optional<Terminal> standardInput() {
        return NativeAccess.available()
                ? of(FileDescriptor.borrowing(linux_h.STDIN_FILENO(), "standard input"))
                : Optional.empty();
    }

    /** The terminal that {@code file} is, or empty if it is none. */
    public static Optional<Terminal> of(FileDescriptor file) {
        return linux_h.isatty(CapturedErrno.current(), file.number()) == 1
                ? Optional.of(new Terminal(file))
                : Optional.empty();
    }

    /**
     * Passes every key through as it is typed, without echo, line editing or signals (cfmakeraw(3)), and output
     * unchanged. Input that was typed before stays.
     *
     * @throws NativeException if the terminal is gone
     */
    public void raw() {
        try (var arena = Arena.ofConfined()) {
            var settings = termios.allocate(arena).copyFrom(original);
            linux_h.cfmakeraw(settings);
            apply(settings);
        }
    }

    /** Returns to the settings found at the start, once pending output is written. */
    public void restore() {
        apply(original);
    }

    private void apply(MemorySegment settings) {
        var errno = CapturedErrno.current();
        if (linux_h.tcsetattr(errno, file.number(), linux_h.TCSADRAIN(), settings) < 0) {
            throw NativeException.of("tcsetattr", file.name(), errno);
        }
    }

    /** The window's size now (TIOCGWINSZ); a terminal without a window reports 0 by 0. */
    public WindowSize size() {
        try (var arena = Arena.ofConfined()) {
            var size = winsize.allocate(arena);
            file.ioctl("TIOCGWINSZ", linux_h.TIOCGWINSZ(), size);
            return new WindowSize(
                    Short.toUnsignedInt(winsize.ws_row(size)), Short.toUnsignedInt(winsize.ws_col(size)));
        }
    }
}
