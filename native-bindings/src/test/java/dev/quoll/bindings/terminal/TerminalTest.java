package dev.quoll.bindings.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.RequiresLinux;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.linux.termios;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** On a pseudo-terminal: opening /dev/ptmx makes one (pty(7)), and its settings are those of the other end. */
@RequiresLinux
class TerminalTest {
    private static final Path PTMX = Path.of("/dev/ptmx");

    private static byte[] settings(FileDescriptor file) {
        try (var arena = Arena.ofConfined()) {
            var settings = termios.allocate(arena);
            assertThat(linux_h.tcgetattr(CapturedErrno.current(), file.number(), settings)).isZero();
            return settings.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Test
    void rawModePassesEverythingAndRestoreUndoesIt() {
        assumeTrue(Files.isWritable(PTMX), "skipped: no pseudo-terminals here");
        try (var file = FileDescriptor.open(PTMX.toString(), linux_h.O_RDWR()); var arena = Arena.ofConfined()) {
            var before = settings(file);
            var terminal = Terminal.of(file).orElseThrow();
            terminal.raw();

            var raw = termios.allocate(arena);
            assertThat(linux_h.tcgetattr(CapturedErrno.current(), file.number(), raw)).isZero();
            assertThat(termios.c_lflag(raw)
                    & (linux_h.ECHO() | linux_h.ICANON() | linux_h.ISIG() | linux_h.IEXTEN())).isZero();
            assertThat(termios.c_oflag(raw) & linux_h.OPOST()).isZero();
            assertThat(termios.c_iflag(raw) & (linux_h.ICRNL() | linux_h.IXON())).isZero();
            assertThat(termios.c_cflag(raw) & linux_h.CSIZE()).isEqualTo(linux_h.CS8());
            assertThat(termios.c_cc(raw, linux_h.VMIN())).isEqualTo((byte) 1);
            assertThat(settings(file)).isNotEqualTo(before);

            terminal.restore();
            assertThat(settings(file)).isEqualTo(before);
            assertThat(terminal.size()).isEqualTo(new WindowSize(0, 0));
        }
    }

    @Test
    void ordinaryFileIsNoTerminal() {
        try (var file = FileDescriptor.open("/dev/null", linux_h.O_RDWR())) {
            assertThat(Terminal.of(file)).isEmpty();
        }
    }
}
