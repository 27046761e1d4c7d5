package dev.quoll.boot.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.GuestMemory;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Cut and damaged images either load or are refused by an {@link ImageException}; nothing else may come out of them. */
class DamagedImageTest {
    private static final long SEED = Long.getLong("quoll.seed", 0x5eed);

    static Stream<Arguments> images() throws Exception {
        ByteBuffer payload = ByteBuffer.allocate(Images.TEXT_OFFSET + Images.TEXT_SIZE + 24).order(ByteOrder.LITTLE_ENDIAN);
        payload.put(Images.elf64(t -> { }));
        int base = (int) Images.LINKED_AT;
        payload.putInt(0).putInt(base + 8).putInt(0).putInt(base + 64).putInt(0).putInt(base + 128);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(payload.array());
        }
        ByteBuffer flat = ByteBuffer.allocate(0x300).order(ByteOrder.LITTLE_ENDIAN);
        Images.multibootHeader(flat, 0x100, 0x10000, 0x200080, 0x200000, 0, 0x201000, 0x200010);
        return Stream.of(
                Arguments.of("bzImage", Images.bzImage(true, packed.toByteArray())),
                Arguments.of("bzImage with bare ELF", Images.bzImage(true, payload.array())),
                Arguments.of("ELF64", Images.elf64(t -> { })),
                Arguments.of("ELF32", Images.elf32(t -> { })),
                Arguments.of("PVH", Images.pvh(0x1000200)),
                Arguments.of("multiboot ELF", Images.elf32(t -> Images.multibootHeader(t, 0x20, 3))),
                Arguments.of("flat multiboot", flat.array()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("images")
    void everyTruncation(String name, byte[] image) throws Exception {
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            for (int length = 0; length < image.length; length += length < 0x800 ? 1 : 61) {
                attempt(memory, Arrays.copyOf(image, length), "%s cut to %d bytes".formatted(name, length));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("images")
    void randomDamage(String name, byte[] image) throws Exception {
        Random random = new Random(SEED);
        int header = name.startsWith("bzImage") ? 0x1f0 : name.equals("flat multiboot") ? 0x100 : 0;
        int[] interesting = {0, 1, 0x7f, 0x80, 0xff};
        try (GuestMemory memory = Images.memory(Images.RAM)) {
            for (int round = 0; round < 1000; round++) {
                byte[] damaged = image.clone();
                for (int i = random.nextInt(1, 6); i > 0; i--) {
                    // Most of the damage goes to the headers, where it can matter.
                    int at = random.nextInt(8) != 0 ? header + random.nextInt(0x90) : random.nextInt(damaged.length);
                    damaged[at] = (byte) (random.nextBoolean() ? random.nextInt() : interesting[random.nextInt(interesting.length)]);
                }
                attempt(memory, damaged, "%s, seed %x, round %d".formatted(name, SEED, round));
            }
        }
    }

    private static void attempt(GuestMemory memory, byte[] file, String what) {
        try {
            LoadRequest request = LoadRequest.of(Images.map(Images.RAM), "x").withRandom(new Random(1));
            LoadedKernel loaded = KernelImage.parse(file).load(memory, request.withModules(BootModule.of(new byte[4096])));
            assertThat(memory.isRam(loaded.kernelStart(), 1)).as(what).isTrue();
        } catch (ImageException expected) {
            assertThat(expected.getMessage()).as(what).matches("[A-Z].*\\.").doesNotContain("\n");
        } catch (RuntimeException | Error other) {
            throw new AssertionError(what, other);
        }
    }
}
