package dev.quoll.boot.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** ELF kernels by their three entries, flat multiboot kernels, and what is none of them. */
class ElfAndMultibootTest {
    private static LoadRequest request() {
        return LoadRequest.of(Images.map(Images.RAM), "hello").withRsdpAddress(0xe0000);
    }

    private static String text(GuestMemory memory, long address) {
        StringBuilder text = new StringBuilder();
        for (long at = address; memory.readByte(at) != 0; at++) {
            text.append((char) memory.readByte(at));
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({"true, LONG64", "false, PROTECTED32"})
    void plainElfIsEnteredAsLinux(boolean is64, Mode mode) throws Exception {
        byte[] file = is64 ? Images.elf64(t -> t.put(0x40, (byte) 0xf4)) : Images.elf32(t -> t.put(0x40, (byte) 0xf4));
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadedKernel loaded = KernelImage.parse(file).load(memory, request().withModules(BootModule.of(new byte[5])));
            assertThat(loaded.entry().mode()).isEqualTo(mode);
            assertThat(loaded.entry().rip()).isEqualTo(Images.PHYSICAL + 0x40);
            assertThat(memory.readByte(loaded.entry().rip())).isEqualTo((byte) 0xf4);
            assertThat(memory.readInt(0x7202)).isEqualTo(0x53726448);
            assertThat(memory.readByte(0x7210)).isNotZero();
            assertThat(memory.readInt(0x721c)).isEqualTo(5);
        }
    }

    @Test
    void virtualEntryPointIsTranslated() throws Exception {
        byte[] file = Images.elf64(t -> { });
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(24, Images.LINKED_AT + 0x80);
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            assertThat(KernelImage.parse(file).load(memory, request()).entry().rip()).isEqualTo(Images.PHYSICAL + 0x80);
        }
    }

    @Test
    void pvhNoteWins() throws Exception {
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = request().withModules(new BootModule(BootModule.of(new byte[100]).content(), "first"), BootModule.of(new byte[7]));
            LoadedKernel loaded = KernelImage.parse(Images.pvh(0x1000200)).load(memory, request);
            EntryState entry = loaded.entry();
            assertThat(entry.mode()).isEqualTo(Mode.PROTECTED32);
            assertThat(entry.rip()).isEqualTo(0x1000200);
            long info = entry.rbx();
            assertThat(memory.readInt(info)).isEqualTo(0x336ec578);
            assertThat(memory.readInt(info + 12)).isEqualTo(2);
            assertThat(text(memory, memory.readLong(info + 24))).isEqualTo("hello");
            assertThat(memory.readLong(info + 32)).isEqualTo(0xe0000);
            long list = memory.readLong(info + 16);
            assertThat(memory.readLong(list + 8)).isEqualTo(100);
            assertThat(memory.readLong(list + 40)).isEqualTo(7);
            assertThat(text(memory, memory.readLong(list + 16))).isEqualTo("first");
            assertThat(memory.readLong(list + 32) + 7).isLessThanOrEqualTo(memory.readLong(list));
            long map = memory.readLong(info + 40);
            assertThat(memory.readInt(info + 48)).isEqualTo(3);
            assertThat(memory.readLong(map + 48)).isEqualTo(0x100000);
            assertThat(memory.readInt(map + 24 + 16)).isEqualTo(2);
        }
    }

    @Test
    void multibootElf() throws Exception {
        byte[] file = Images.elf32(t -> Images.multibootHeader(t, 0x20, 3));
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = request().withModules(new BootModule(BootModule.of("mod".getBytes()).content(), "a b"));
            LoadedKernel loaded = KernelImage.parse(file).load(memory, request);
            EntryState entry = loaded.entry();
            assertThat(entry.rax()).isEqualTo(0x2badb002L);
            assertThat(entry.rip()).isEqualTo(Images.PHYSICAL + 0x40);
            long info = entry.rbx();
            assertThat(memory.readInt(info) & 0x4d).isEqualTo(0x4d);
            assertThat(memory.readInt(info + 4)).isEqualTo(0x9fc00 >> 10);
            assertThat(memory.readInt(info + 8)).isEqualTo((int) (Images.RAM >> 10) - 1024);
            assertThat(text(memory, memory.readInt(info + 16))).isEqualTo("hello");
            long module = memory.readInt(info + 24);
            assertThat(memory.readInt(module) % 4096).isZero();
            assertThat(memory.readInt(module + 4) - memory.readInt(module)).isEqualTo(3);
            assertThat(memory.readInt(module)).isGreaterThanOrEqualTo((int) loaded.kernelEnd());
            assertThat(text(memory, memory.readInt(module + 8))).isEqualTo("a b");
            long map = memory.readInt(info + 48);
            assertThat(memory.readInt(info + 44)).isEqualTo(72);
            assertThat(memory.readInt(map)).isEqualTo(20);
            assertThat(memory.readLong(map + 48 + 4)).isEqualTo(0x100000);
            assertThat(text(memory, memory.readInt(info + 64))).isEqualTo("Quoll");
        }
    }

    @Test
    void flatMultibootKernelIsLoadedWhereItsHeaderSays() throws Exception {
        ByteBuffer file = ByteBuffer.allocate(0x300).order(ByteOrder.LITTLE_ENDIAN);
        Images.multibootHeader(file, 0x100, 0x10000, 0x200080, 0x200000, 0, 0x201000, 0x200010);
        file.put(0x80, (byte) 0x5a);
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            memory.writeByte(0x200f00, (byte) 1);
            LoadedKernel loaded = KernelImage.parse(file.array()).load(memory, request());
            assertThat(loaded.entry().rip()).isEqualTo(0x200010);
            assertThat(loaded.kernelStart()).isEqualTo(0x200000);
            assertThat(loaded.kernelEnd()).isEqualTo(0x201000);
            assertThat(memory.readByte(0x200000)).isEqualTo((byte) 0x5a);
            assertThat(memory.readByte(0x200f00)).as("bss").isZero();
        }
    }

    @Test
    void saysWhatAFileIsThatCannotBeBooted() {
        byte[] arm = new byte[4096];
        ByteBuffer.wrap(arm).order(ByteOrder.LITTLE_ENDIAN).putInt(56, 0x644d5241);
        assertRefused(arm, "64-bit ARM");
        byte[] armElf = Images.elf64(t -> { });
        armElf[18] = (byte) 183;
        assertRefused(armElf, "ELF file for 64-bit ARM");
        byte[] object = Images.elf64(t -> { });
        object[16] = 1;
        assertRefused(object, "not an executable");
        assertRefused(new byte[0], "empty");
        assertRefused(new byte[1000], "neither ELF, bzImage nor multiboot");
        assertRefused(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "gzip-compressed");
        byte[] zImage = Images.bzImage(true, new byte[32]);
        zImage[0x211] = 0;
        assertRefused(zImage, "zImage");
        byte[] old = Images.bzImage(true, new byte[32]);
        old[0x207] = 1;
        assertRefused(old, "too old");
        ByteBuffer strange = ByteBuffer.allocate(0x100).order(ByteOrder.LITTLE_ENDIAN);
        Images.multibootHeader(strange, 0, 0x8000);
        assertRefused(strange.array(), "features 0x8000");
    }

    private static void assertRefused(byte[] file, String words) {
        assertThatThrownBy(() -> KernelImage.parse(file))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining(words)
                .hasMessageMatching("[A-Z].*\\.");
    }

    @Test
    void kernelBelowOneMegabyteOrBeyondRamIsRefused() throws Exception {
        for (long address : new long[] {0x8000, 0x90000000L}) {
            byte[] file = Images.elf64(t -> { });
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(88, address).putLong(24, address);
            KernelImage image = KernelImage.parse(file);
            try (GuestMemory memory = Images.memory(Images.RAM)) {
                assertThatThrownBy(() -> image.load(memory, request())).isInstanceOf(ImageException.class);
            }
        }
    }
}
