package dev.quoll.bindings.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.RequiresLinux;
import dev.quoll.bindings.linux.linux_h;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresLinux
class FileRangeTest {
    @TempDir
    private Path folder;

    private FileDescriptor open(Path path) {
        return FileDescriptor.open(path.toString(), linux_h.O_RDWR());
    }

    @Test
    void locksPartTwoUsersOfOneProcess() throws Exception {
        Path path = Files.createFile(folder.resolve("file"));
        FileRange range = new FileRange(100, 1);
        FileDescriptor first = open(path);
        try (FileDescriptor second = open(path)) {
            assertThat(range.lockShared(first)).isTrue();
            assertThat(range.isLockedElsewhere(first)).isFalse();
            assertThat(range.isLockedElsewhere(second)).isTrue();
            assertThat(new FileRange(101, 1).isLockedElsewhere(second)).isFalse();
            assertThat(range.lockShared(second)).isTrue();
            assertThat(range.isLockedElsewhere(first)).isTrue();
            first.close();
            try (FileDescriptor third = open(path)) {
                assertThat(range.isLockedElsewhere(second)).isFalse();
                assertThat(range.isLockedElsewhere(third)).isTrue();
            }
            assertThat(range.isLockedElsewhere(second)).isFalse();
        }
    }

    @Test
    void holesReadAsZeroes() throws Exception {
        byte[] content = new byte[1 << 16];
        Arrays.fill(content, (byte) 7);
        Path path = Files.write(folder.resolve("file"), content);
        try (FileDescriptor file = open(path)) {
            if (new FileRange(4096, 8192).punchHole(file)) {
                Arrays.fill(content, 4096, 4096 + 8192, (byte) 0);
            }
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(content);
    }
}
