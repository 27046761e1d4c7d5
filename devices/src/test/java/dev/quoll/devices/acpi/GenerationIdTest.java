package dev.quoll.devices.acpi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class GenerationIdTest {
    private static final UUID FIRST = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final UUID SECOND = UUID.fromString("f0e1d2c3-b4a5-9687-7869-5a4b3c2d1e0f");
    /** The first three fields little endian, as a GUID lies in memory. */
    private static final byte[] FIRST_BYTES = {
        0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, (byte) 0x88, (byte) 0x99, (byte) 0xaa, (byte) 0xbb, (byte) 0xcc,
        (byte) 0xdd, (byte) 0xee, (byte) 0xff
    };

    @Test
    void changesInMemoryFirstAndIsToldThen() throws Exception {
        try (GuestMemory memory = GuestMemory.create(List.of(new RamRegion(0, 0x1000, 0)))) {
            Deque<UUID> ids = new ArrayDeque<>(List.of(FIRST, SECOND));
            RecordingLine line = new RecordingLine();
            GenerationId id = new GenerationId(memory, 0x40, line, ids::remove);
            byte[] seen = new byte[GenerationId.LENGTH];
            id.place();
            memory.read(0x40, seen, 0, seen.length);
            assertThat(seen).isEqualTo(FIRST_BYTES);
            assertThat(line.edges()).isZero();

            GenerationId.State first = id.save();
            id.renew();
            assertThat(line.edges()).isEqualTo(1);
            assertThat(id.id()).isEqualTo(SECOND);
            memory.read(0x40, seen, 0, seen.length);
            assertThat(seen).isNotEqualTo(FIRST_BYTES);

            id.restore(first);
            memory.read(0x40, seen, 0, seen.length);
            assertThat(seen).isEqualTo(FIRST_BYTES);
            assertThat(line.edges()).as("a restore itself tells nobody").isEqualTo(1);
        }
    }
}
