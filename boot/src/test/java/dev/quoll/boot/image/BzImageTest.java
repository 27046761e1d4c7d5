package dev.quoll.boot.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** bzImages as the boot protocol's documents describe them, packed and unpacked, with and without relocations. */
class BzImageTest {
    private static final int WIDE = 0x100;
    private static final int INVERSE = 0x200;
    private static final int NARROW = 0x300;

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }

    private static byte[] withTable(byte[] elf, int... words) {
        ByteBuffer b = ByteBuffer.allocate(elf.length + 4 * words.length).order(ByteOrder.LITTLE_ENDIAN);
        b.put(elf);
        for (int word : words) {
            b.putInt(word);
        }
        return b.array();
    }

    private static byte[] relocatable64() {
        byte[] elf = Images.elf64(text -> text.putLong(WIDE, Images.LINKED_AT + 0x1234)
                .putInt(INVERSE, 0x7000)
                .putInt(NARROW, (int) Images.LINKED_AT + 0x40));
        int base = (int) Images.LINKED_AT;
        return withTable(elf, 0, base + WIDE, 0, base + INVERSE, 0, base + NARROW);
    }

    @Test
    void packed64BitKernelIsEnteredAtItsDecompressor() throws Exception {
        byte[] file = Images.bzImage(true, new byte[32]);
        KernelImage image = KernelImage.parse(file);
        assertThat(image.description()).contains("6.1.0-test", "x86-64", "2.15");
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "console=ttyS0")
                    .withRsdpAddress(0xe0000)
                    .withUnpackPayload(false)
                    .withModules(BootModule.of("abc".getBytes()), BootModule.of("defgh".getBytes()));
            LoadedKernel loaded = image.load(memory, request);
            EntryState entry = loaded.entry();
            assertThat(entry.mode()).isEqualTo(Mode.LONG64);
            assertThat(entry.rip()).isEqualTo(Images.PHYSICAL + 0x200);
            assertThat(entry.rsi()).isEqualTo(0x7000);
            assertThat(memory.readByte(Images.PHYSICAL)).isEqualTo((byte) 0xf4);
            // Zero page: loader, command line, ramdisk, ACPI, memory map.
            assertThat(memory.readInt(0x7000 + 0x202)).isEqualTo(0x53726448);
            assertThat(memory.readByte(0x7000 + 0x210)).isEqualTo((byte) 0xff);
            assertThat(memory.readByte(0x7000 + 0x211) & 3).isEqualTo(1);
            assertThat(memory.readLong(0x7000 + 0x70)).isEqualTo(0xe0000);
            assertThat(memory.readByte(0x7000 + 0x1e8)).isEqualTo((byte) 3);
            assertThat(memory.readLong(0x7000 + 0x2d0 + 40)).isEqualTo(0x100000);
            assertThat(memory.readInt(0x7000 + 0x2d0 + 20 + 16)).isEqualTo(2);
            byte[] text = new byte[14];
            memory.read(Integer.toUnsignedLong(memory.readInt(0x7000 + 0x228)), text, 0, 14);
            assertThat(text).isEqualTo("console=ttyS0\0".getBytes());
            int ramdisk = memory.readInt(0x7000 + 0x218);
            assertThat(memory.readInt(0x7000 + 0x21c)).isEqualTo(9);
            assertThat(ramdisk).isEqualTo((int) Images.RAM - 0x1000);
            byte[] content = new byte[9];
            memory.read(ramdisk, content, 0, 9);
            assertThat(content).isEqualTo("abc\0defgh".getBytes());
            assertIdentityMapped(memory, entry.cr3());
            assertThat(memory.readLong(entry.gdtBase() + EntryState.CODE_SELECTOR)).isEqualTo(BootDescriptors.CODE64);
        }
    }

    /** Walks the tables as the processor would, at random addresses below 4 GiB. */
    private static void assertIdentityMapped(GuestMemory memory, long root) {
        Random random = new Random(7);
        for (int i = 0; i < 1000; i++) {
            long address = random.nextLong(1L << 32);
            long l4 = memory.readLong(root + 8 * (address >>> 39 & 511));
            long l3 = memory.readLong((l4 & ~0xfffL) + 8 * (address >>> 30 & 511));
            long l2 = memory.readLong((l3 & ~0xfffL) + 8 * (address >>> 21 & 511));
            assertThat(l4 & l3 & l2 & 3).isEqualTo(3);
            assertThat(l2 & 0x80).isEqualTo(0x80);
            assertThat((l2 & ~0x1fffffL) + (address & 0x1fffff)).isEqualTo(address);
        }
    }

    @Test
    void old32BitKernelIsEnteredInProtectedMode() throws Exception {
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "").withUnpackPayload(false);
            EntryState entry = KernelImage.parse(Images.bzImage(false, new byte[32])).load(memory, request).entry();
            assertThat(entry.mode()).isEqualTo(Mode.PROTECTED32);
            assertThat(entry.rip()).isEqualTo(Images.PHYSICAL);
            assertThat(entry.cr3()).isZero();
            assertThat(memory.readLong(entry.gdtBase() + EntryState.CODE_SELECTOR)).isEqualTo(BootDescriptors.CODE32);
        }
    }

    @Test
    void unpackedKernelStaysWhereItIsLinkedWithNokaslr() throws Exception {
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            memory.writeLong(Images.PHYSICAL + Images.TEXT_SIZE, -1);
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "quiet nokaslr");
            LoadedKernel loaded = KernelImage.parse(Images.bzImage(true, gzip(relocatable64()))).load(memory, request);
            assertThat(loaded.virtualOffset()).isZero();
            assertThat(loaded.entry().rip()).isEqualTo(Images.PHYSICAL + 0x40);
            assertThat(memory.readLong(Images.PHYSICAL + WIDE)).isEqualTo(Images.LINKED_AT + 0x1234);
            assertThat(memory.readLong(Images.PHYSICAL + Images.TEXT_SIZE)).as("bss").isZero();
            assertThat(memory.readByte(0x7211) & SetupHeader.KASLR_FLAG).isZero();
        }
    }

    @Test
    void unpackedKernelIsRelocatedToRandomAddresses() throws Exception {
        KernelImage image = KernelImage.parse(Images.bzImage(true, gzip(relocatable64())));
        Set<Long> physical = new HashSet<>();
        Set<Long> virtual = new HashSet<>();
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            for (int seed = 0; seed < 40; seed++) {
                BootModule ramdisk = BootModule.of(new byte[100_000]);
                LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "").withRandom(new Random(seed)).withModules(ramdisk);
                LoadedKernel loaded = image.load(memory, request);
                long base = loaded.kernelStart();
                long delta = loaded.virtualOffset();
                assertThat(base % 0x200000).isZero();
                assertThat(base).isGreaterThanOrEqualTo(Images.PHYSICAL);
                assertThat(loaded.kernelEnd()).isEqualTo(base + 0x400000).isLessThanOrEqualTo(memory.readInt(0x7218));
                assertThat(delta % 0x200000).isZero();
                assertThat(delta + Images.PHYSICAL + 0x400000).isLessThanOrEqualTo(1L << 30);
                assertThat(loaded.entry().rip()).isEqualTo(base + 0x40);
                assertThat(memory.readLong(base + WIDE)).isEqualTo(Images.LINKED_AT + 0x1234 + delta);
                assertThat(memory.readInt(base + INVERSE)).isEqualTo((int) (0x7000 - delta));
                assertThat(memory.readInt(base + NARROW)).isEqualTo((int) (Images.LINKED_AT + 0x40 + delta));
                assertThat(memory.readByte(0x7211) & SetupHeader.KASLR_FLAG).isEqualTo(SetupHeader.KASLR_FLAG);
                physical.add(base);
                virtual.add(delta);
            }
        }
        assertThat(physical).hasSizeGreaterThan(5);
        assertThat(virtual).hasSizeGreaterThan(20);
    }

    @Test
    void newerTablesHaveNoInverseList() throws Exception {
        int base = (int) Images.LINKED_AT;
        byte[] payload = withTable(Images.elf64(text -> text.putLong(WIDE, Images.LINKED_AT).putInt(NARROW, base)),
                0, base + WIDE, 0, base + NARROW);
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "").withRandom(new Random(1));
            LoadedKernel loaded = KernelImage.parse(Images.bzImage(true, gzip(payload))).load(memory, request);
            assertThat(loaded.virtualOffset()).isNotZero();
            assertThat(memory.readLong(loaded.kernelStart() + WIDE)).isEqualTo(Images.LINKED_AT + loaded.virtualOffset());
            assertThat(memory.readInt(loaded.kernelStart() + NARROW)).isEqualTo(base + (int) loaded.virtualOffset());
        }
    }

    @Test
    void i386KernelMovesVirtuallyAsFarAsPhysically() throws Exception {
        byte[] payload = withTable(Images.elf32(text -> text.putInt(NARROW, 0xc1000010)), 0, Images.PHYSICAL + NARROW);
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "").withRandom(new Random(3));
            LoadedKernel loaded = KernelImage.parse(Images.bzImage(false, gzip(payload))).load(memory, request);
            assertThat(loaded.entry().mode()).isEqualTo(Mode.PROTECTED32);
            assertThat(loaded.kernelStart() - Images.PHYSICAL).isEqualTo(loaded.virtualOffset()).isNotZero();
            assertThat(memory.readInt(loaded.kernelStart() + NARROW)).isEqualTo(0xc1000010 + (int) loaded.virtualOffset());
        }
    }

    @Test
    void whatIsNotUnderstoodIsLeftToTheGuestWithANote() throws Exception {
        byte[] strangeTable = withTable(Images.elf64(text -> { }), 1, 2, 3);
        for (byte[] payload : new byte[][] {new byte[64], gzip(new byte[100]), gzip(strangeTable)}) {
            try (GuestMemory memory = Images.memory(Images.RAM)) {
                LoadedKernel loaded = KernelImage.parse(Images.bzImage(true, payload))
                        .load(memory, LoadRequest.of(Images.map(Images.RAM), ""));
                assertThat(loaded.notes()).singleElement().asString().contains("unpacks itself in the guest");
                assertThat(loaded.entry().rip()).isEqualTo(Images.PHYSICAL + 0x200);
            }
        }
    }

    @Test
    void kernelWithoutRelocationsRunsAtItsPreferredAddress() throws Exception {
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadedKernel loaded = KernelImage.parse(Images.bzImage(true, gzip(Images.elf64(text -> { }))))
                    .load(memory, LoadRequest.of(Images.map(Images.RAM), ""));
            assertThat(loaded.kernelStart()).isEqualTo(Images.PHYSICAL);
            assertThat(loaded.notes()).singleElement().asString().contains("not randomised");
        }
    }

    @Test
    void relocationsOutsideOfTheKernelAreRefused() throws Exception {
        byte[] payload = withTable(Images.elf64(text -> { }), 0, 0, (int) Images.LINKED_AT + 0x10000000);
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            KernelImage image = KernelImage.parse(Images.bzImage(true, gzip(payload)));
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "").withRandom(new Random(3));
            assertThatThrownBy(() -> image.load(memory, request)).isInstanceOf(ImageException.class).hasMessageContaining("relocation");
        }
    }

    @Test
    void saysWhatDoesNotFit() throws Exception {
        KernelImage image = KernelImage.parse(Images.bzImage(true, gzip(relocatable64())));
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "");
            assertThatThrownBy(() -> image.load(memory, request.withModules(BootModule.of(new byte[50 << 20]))))
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("initial ramdisk of 51200 KiB does not fit");
            assertThatThrownBy(() -> image.load(memory, LoadRequest.of(Images.map(18 << 20), "")))
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("give it more memory");
            assertThatThrownBy(() -> image.load(memory, LoadRequest.of(Images.map(Images.RAM), "x".repeat(2048))))
                    .isInstanceOf(ImageException.class)
                    .hasMessageContaining("command line has 2048 bytes, and this kernel takes 2047");
        }
    }

    @Test
    void relocatableKernelGoesLowerWhereRamIsShort() throws Exception {
        try (GuestMemory memory = Images.memory(16 << 20)) {
            LoadRequest request = LoadRequest.of(Images.map(16 << 20), "").withUnpackPayload(false);
            LoadedKernel loaded = KernelImage.parse(Images.bzImage(true, new byte[32])).load(memory, request);
            assertThat(loaded.kernelStart()).isEqualTo(0x200000);
        }
    }
}
