package dev.quoll.bindings.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.RequiresLinux;
import dev.quoll.bindings.linux.linux_h;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@RequiresLinux
class MemoryMappingTest {
    private static final long SIZE = 1 << 20;

    /** The line of /proc/self/maps for an address: its permissions and the file's name. */
    private static String mapsLine(long address) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
            String[] range = line.substring(0, line.indexOf(' ')).split("-");
            if (Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
                    && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0) {
                return line;
            }
        }
        return "";
    }

    @Test
    void twoMappingsOfOneFileShareEveryByte() {
        try (var file = MemoryFile.create("quoll-test", SIZE);
                var one = file.map(Protection.READ_WRITE);
                var other = file.map(Protection.READ)) {
            assertThat(one.address()).isNotEqualTo(other.address());
            for (long offset = 0; offset < SIZE; offset += 4096 + 8) {
                one.segment().set(ValueLayout.JAVA_LONG, offset, ~offset);
            }
            assertThat(one.segment().mismatch(other.segment())).isEqualTo(-1);
            assertThat(other.segment().get(ValueLayout.JAVA_LONG, 4104)).isEqualTo(~4104L);
        }
    }

    @Test
    void mappingOutlivesTheFileAndEndsWithClose() throws IOException {
        MemoryMapping mapping;
        try (var file = MemoryFile.create("quoll-outlives", SIZE)) {
            mapping = file.map(Protection.READ_WRITE);
        }
        mapping.segment().set(ValueLayout.JAVA_BYTE, SIZE - 1, (byte) 7);
        assertThat(mapsLine(mapping.address())).contains("rw-s").contains("memfd:quoll-outlives");
        mapping.close();
        mapping.close();
        assertThat(mapsLine(mapping.address())).doesNotContain("quoll-outlives");
        assertThatThrownBy(() -> mapping.segment().get(ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void sizeOfAMemoryFileIsSealed() {
        try (var file = MemoryFile.create("quoll-sealed", SIZE)) {
            var errno = CapturedErrno.current();
            for (long size : new long[] {0, SIZE - 4096, SIZE + 4096}) {
                assertThat(linux_h.ftruncate(errno, file.descriptor().number(), size)).isNegative();
                assertThat(CapturedErrno.value(errno)).isEqualTo(linux_h.EPERM());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Protection.class)
    void protectionIsWhatTheKernelReports(Protection protection) throws IOException {
        try (var mapping = MemoryMapping.anonymous(SIZE, Protection.NONE)) {
            mapping.protect(protection);
            assertThat(mapsLine(mapping.address())).contains(switch (protection) {
                case NONE -> " ---p ";
                case READ -> " r--p ";
                case READ_WRITE -> " rw-p ";
                case READ_EXECUTE -> " r-xp ";
            });
        }
    }

    @Test
    void removedPagesReadZeroInEveryMapping() {
        try (var file = MemoryFile.create("quoll-hole", SIZE);
                var one = file.map(Protection.READ_WRITE);
                var other = file.map(Protection.READ)) {
            one.segment().fill((byte) 0x55);
            one.advise(4096, 8192, MemoryAdvice.REMOVE);
            assertThat(other.segment().get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 0x55);
            for (long offset = 4096; offset < 4096 + 8192; offset++) {
                assertThat(other.segment().get(ValueLayout.JAVA_BYTE, offset)).isZero();
            }
            assertThat(other.segment().get(ValueLayout.JAVA_BYTE, 4096 + 8192)).isEqualTo((byte) 0x55);
        }
    }

    @Test
    void refusalsNameTheCallAndTheError() {
        assertThatThrownBy(() -> MemoryMapping.anonymous(0, Protection.READ))
                .isInstanceOfSatisfying(NativeException.class, e -> {
                    assertThat(e.call()).isEqualTo("mmap");
                    assertThat(e.is(Errno.EINVAL)).isTrue();
                });
        assertThatThrownBy(() -> MemoryMapping.shared(-1, 0, SIZE, Protection.READ))
                .isInstanceOfSatisfying(NativeException.class, e -> assertThat(e.is(Errno.EBADF)).isTrue());
        assertThatThrownBy(() -> MemoryMapping.anonymous(1L << 62, Protection.READ))
                .isInstanceOfSatisfying(NativeException.class, e -> {
                    assertThat(e.is(Errno.ENOMEM)).isTrue();
                    assertThat(e.remedy()).isPresent();
                });
        try (var mapping = MemoryMapping.anonymous(SIZE, Protection.READ_WRITE)) {
            assertThatThrownBy(() -> mapping.advise(1, 4096, MemoryAdvice.DONTNEED))
                    .isInstanceOfSatisfying(NativeException.class, e -> assertThat(e.is(Errno.EINVAL)).isTrue());
            assertThatThrownBy(() -> mapping.advise(SIZE, 4096, MemoryAdvice.DONTNEED))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void hugeFileTouchesNoMemoryUpFront() throws IOException {
        long huge = 1L << 40;
        try (var file = MemoryFile.create("quoll-huge", huge); var mapping = file.map(Protection.READ_WRITE)) {
            mapping.segment().set(ValueLayout.JAVA_LONG, huge - 8, 42);
            var info = Files.getAttribute(Path.of("/proc/self/fd/" + file.descriptor().number()), "unix:size");
            assertThat(info).isEqualTo(huge);
            assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, huge - 8)).isEqualTo(42);
        }
    }
}
