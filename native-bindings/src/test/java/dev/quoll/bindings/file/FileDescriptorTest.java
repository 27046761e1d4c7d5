package dev.quoll.bindings.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.RequiresLinux;
import dev.quoll.bindings.linux.linux_h;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@RequiresLinux
class FileDescriptorTest {

    @Test
    void bytesWrittenAreBytesRead(@TempDir Path folder) throws Exception {
        var path = Files.writeString(folder.resolve("file"), "");
        try (var arena = Arena.ofConfined()) {
            var text = arena.allocateFrom("twelve bytes");
            try (var file = FileDescriptor.open(path.toString(), linux_h.O_WRONLY())) {
                assertThat(file.write(text.asSlice(0, 12))).isEqualTo(12);
            }
            assertThat(path).hasContent("twelve bytes");
            try (var file = FileDescriptor.open(path.toString(), linux_h.O_RDONLY())) {
                var buffer = arena.allocate(100);
                assertThat(file.read(buffer)).isEqualTo(12);
                assertThat(buffer.getString(0)).isEqualTo("twelve bytes");
                assertThat(file.read(buffer)).as("end of file").isZero();
                assertThatThrownBy(() -> file.write(buffer))
                        .isInstanceOfSatisfying(NativeException.class, e -> assertThat(e.is(Errno.EBADF)).isTrue());
            }
        }
    }

    @Test
    void openedFilesAreNotInherited() {
        try (var file = FileDescriptor.open("/dev/null", linux_h.O_RDONLY())) {
            assertThat(file.control("F_GETFD", linux_h.F_GETFD(), 0) & linux_h.FD_CLOEXEC()).isNotZero();
        }
    }

    @Test
    void closedFileIsRefusedBeforeTheKernelIsAsked() {
        var file = FileDescriptor.open("/dev/null", linux_h.O_RDONLY());
        int number = file.number();
        file.close();
        file.close();
        assertThat(Path.of("/proc/self/fd/" + number)).satisfiesAnyOf(
                path -> assertThat(path).doesNotExist(),
                path -> assertThat(Files.readSymbolicLink(path)).isNotEqualTo(Path.of("/dev/null")));
        assertThatThrownBy(file::number).isInstanceOf(IllegalStateException.class).hasMessageContaining("/dev/null");
    }

    @Test
    void borrowedNumberStaysOpen() {
        try (var owner = FileDescriptor.open("/dev/null", linux_h.O_RDONLY())) {
            FileDescriptor.borrowing(owner.number(), "borrowed").close();
            assertThat(owner.control("F_GETFL", linux_h.F_GETFL(), 0)).isNotNegative();
        }
    }

    @Test
    void ioctlFailureNamesTheRequest() {
        try (var file = FileDescriptor.open("/dev/null", linux_h.O_RDONLY()); var arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> file.ioctl("TIOCGWINSZ", linux_h.TIOCGWINSZ(), arena.allocate(8)))
                    .isInstanceOfSatisfying(NativeException.class, e -> {
                        assertThat(e.call()).isEqualTo("TIOCGWINSZ");
                        assertThat(e.is(Errno.ENOTTY)).isTrue();
                    });
        }
    }

    @Test
    void counterCountsAndPollingSeesIt() {
        try (var quiet = EventCounter.create(); var busy = EventCounter.create()) {
            var polling = new Polling(List.of(quiet.descriptor(), busy.descriptor()), linux_h.POLLIN());
            assertThat(polling.await(0)).isZero();
            busy.signal();
            busy.signal();
            assertThat(polling.await(-1)).isEqualTo(1);
            assertThat(polling.events(0)).isZero();
            assertThat(polling.events(1)).isEqualTo(linux_h.POLLIN());
            assertThat(busy.drain()).isEqualTo(2);
            assertThat(busy.drain()).isZero();
            assertThat(polling.await(0)).isZero();
        }
    }

    @Test
    void signalFromAnotherThreadEndsTheWait() throws InterruptedException {
        try (var counter = EventCounter.create()) {
            var polling = new Polling(List.of(counter.descriptor()), linux_h.POLLIN());
            var other = Thread.ofPlatform().start(() -> {
                try {
                    TimeUnit.MILLISECONDS.sleep(20);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                counter.signal();
            });
            assertThat(polling.await(-1)).isEqualTo(1);
            other.join();
        }
    }
}
