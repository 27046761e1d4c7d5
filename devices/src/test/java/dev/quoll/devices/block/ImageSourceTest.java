package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageSourceTest {
    private static final int SIZE = 1 << 20;

    @TempDir
    private Path folder;

    static DiskImage open(Path path) throws IOException {
        return new ImageSource(path, Optional.empty(), true).open();
    }

    private Path overlay(String name, String below, String format) throws IOException {
        Path path = folder.resolve(name);
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE).withBacking(below, format).writeTo(file);
        }
        return path;
    }

    @Test
    void nameAndContentHaveToAgree() throws IOException {
        Path path = overlay("disk.img", "/etc/hostname", "raw");
        assertThatThrownBy(() -> open(path)).hasMessage("the image %s begins like qcow2 and is not called so; say its format, qcow2 or raw", path);
        try (DiskImage raw = new ImageSource(path, Optional.of(ImageFormat.RAW), true).open()) {
            assertThat(raw.size()).isEqualTo(Files.size(path));
        }
        Path zeroes = Files.write(folder.resolve("disk.qcow2"), new byte[SIZE]);
        assertThatThrownBy(() -> open(zeroes)).hasMessageContaining("does not begin like one");
    }

    @Test
    void chainsEnd() throws IOException {
        Path itself = overlay("itself.qcow2", "itself.qcow2", "qcow2");
        assertThatThrownBy(() -> open(itself)).hasMessageContaining("below itself");
        overlay("one.qcow2", "two.qcow2", "qcow2");
        Path two = overlay("two.qcow2", "one.qcow2", "qcow2");
        assertThatThrownBy(() -> open(two)).hasMessageContaining("below itself");
        for (int i = 0; i < 70; i++) {
            overlay("chain" + i + ".qcow2", "chain" + (i + 1) + ".qcow2", "qcow2");
        }
        assertThatThrownBy(() -> open(folder.resolve("chain0.qcow2"))).hasMessageContaining("more than 64 backing files");
    }

    @Test
    void saysWhatIsWrongWithWhatLiesBelow() throws IOException {
        assertThatThrownBy(() -> open(overlay("a.qcow2", "none.img", "raw"))).hasMessageContaining("none.img, which does not exist");
        assertThatThrownBy(() -> open(overlay("b.qcow2", "/dev/zero", "raw"))).hasMessageContaining("not a regular file");
        assertThatThrownBy(() -> open(overlay("c.qcow2", "nbd://host/export", "raw"))).hasMessageContaining("only files are supported");
        assertThatThrownBy(() -> open(overlay("d.qcow2", "x.vmdk", "vmdk"))).hasMessageContaining("\"vmdk\"");
        assertThatThrownBy(() -> open(folder)).hasMessage("the image %s is a folder", folder);
        assertThatThrownBy(() -> open(folder.resolve("x"))).hasMessage("the image %s cannot be opened: there is no such file", folder.resolve("x"));
    }

    @Test
    void imagesInTheMakingAreNotSeen() throws IOException {
        Path target = folder.resolve("new.img");
        try (NewImage made = NewImage.raw(target, false, SIZE)) {
            made.image().write(0, ByteBuffer.allocate(512));
            assertThat(target).doesNotExist();
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
        try (NewImage made = NewImage.qcow2(target, false, new Qcow2Plan(SIZE))) {
            made.finish();
        }
        assertThat(target).exists();
        assertThatThrownBy(() -> NewImage.raw(target, false, SIZE)).isInstanceOf(FileAlreadyExistsException.class);
        try (DiskImage inUse = new ImageSource(target, Optional.of(ImageFormat.QCOW2), false).open()) {
            assertThatThrownBy(() -> NewImage.raw(target, true, SIZE)).hasMessageContaining("in use");
            assertThat(inUse.size()).isEqualTo(SIZE);
        }
    }
}
