package dev.quoll.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Hostile rings: bytes of a fuzzer are descriptors, indexes and flags, changed again between the device's steps. The device's side
 * answers with chains that lie in RAM or with one clear refusal, in a bounded number of steps, whatever it reads.
 */
public final class HostileRings {
    private static final int RAM = 0x10000;
    private static final int DESCRIPTORS = 0x1000;
    private static final int DRIVER = 0x4000;
    private static final int DEVICE = 0x6000;
    private static final int MAX_STEPS = 4096;

    private HostileRings() {}

    /** What Jazzer calls. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        run(input);
    }

    static void run(byte[] input) throws IOException {
        if (input.length < 2) {
            return;
        }
        ByteBuffer script = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
        int form = script.get();
        int size = 1 << (script.get() & 7);
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, RAM, 0)))) {
            long features = (form & 1) != 0 ? VirtioFeature.mask(VirtioFeature.PACKED_RING) : 0;
            features |= (form & 2) != 0 ? VirtioFeature.mask(VirtioFeature.EVENT_INDEX) : 0;
            features |= (form & 4) != 0 ? VirtioFeature.mask(VirtioFeature.INDIRECT_DESCRIPTORS) : 0;
            RingPosition start = (form & 1) != 0 ? RingPosition.PACKED_START : RingPosition.SPLIT_START;
            QueueAreas areas = new QueueAreas(size, DESCRIPTORS, DRIVER, DEVICE);
            Ring ring = Ring.of(0, memory, areas, features, start, _ -> {});
            DescriptorChain chain = new DescriptorChain(memory);
            for (int step = 0; step < MAX_STEPS && script.remaining() >= 4; step++) {
                step(script, memory, ring, chain);
            }
        } catch (VirtqueueException refused) {
            assertThat(refused.getMessage()).isNotBlank();
        }
    }

    /** One action of driver or device. */
    private static void step(ByteBuffer script, GuestMemory memory, Ring ring, DescriptorChain chain)
            throws VirtqueueException {
        int action = script.get() & 0xf;
        int place = script.get() & 0xff;
        short value = script.getShort();
        switch (action) {
            case 0 -> memory.writeShort(DESCRIPTORS + 2 * place, value);
            case 1 -> memory.writeShort(DRIVER + 2 * place, value);
            case 2 -> memory.writeShort(DEVICE + 2 * place, value);
            case 3 -> memory.writeShort(place << 8, value);
            case 4, 5, 6, 7, 8 -> {
                if (ring.take(chain)) {
                    check(memory, chain);
                    if ((value & 1) != 0) {
                        ring.undoTake(1);
                    } else {
                        ring.complete(chain, value & 0x7fff);
                    }
                }
            }
            case 9 -> ring.signal();
            case 10 -> ring.enableNotifications();
            case 11 -> ring.disableNotifications();
            default -> ring.hasWork();
        }
    }

    private static void check(GuestMemory memory, DescriptorChain chain) {
        assertThat(chain.buffers()).isBetween(0, DescriptorChain.MAX_BUFFERS);
        assertThat(chain.readableLength() + chain.writableLength()).isBetween(0L, (long) DescriptorChain.MAX_BUFFERS * RAM);
        byte[] bytes = new byte[RAM];
        int read = chain.read(bytes, 0, bytes.length);
        assertThat(read).isEqualTo((int) Math.min(RAM, chain.readableLength()));
        chain.skip(Long.MAX_VALUE);
        assertThat(chain.read(bytes, 0, 1)).isZero();
        int written = chain.write(bytes, 0, 300);
        assertThat(written).isEqualTo((int) Math.min(300, chain.writableLength()));
        chain.advance(Long.MAX_VALUE);
        assertThat(chain.write(bytes, 0, 1)).isZero();
        assertThat(memory.size()).isEqualTo(RAM);
    }
}
