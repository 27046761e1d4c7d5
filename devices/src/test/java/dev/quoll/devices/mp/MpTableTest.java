package dev.quoll.devices.mp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Reads the table as a kernel does. */
class MpTableTest {
    private static final long ADDRESS = 0x9fc00;
    private static final int[] ENTRY_LENGTHS = {20, 8, 8, 8, 8};

    private static MpTable table(int cpus) {
        List<Integer> pins = IntStream.range(0, 16).mapToObj(i -> i == 0 ? 2 : i == 2 ? -1 : i).toList();
        List<MpTable.PciRoute> routes = List.of(new MpTable.PciRoute(3, 1, 20));
        return new MpTable(cpus, 0xa20f10, 0x178bfbff, 0xfee0_0000L, 255, 0xfec0_0000L, pins, 9, routes);
    }

    private static int sum(byte[] bytes, int from, int to) {
        int sum = 0;
        for (int i = from; i < to; i++) {
            sum += bytes[i];
        }
        return sum & 0xff;
    }

    @Test
    void aKernelFindsCpusAndWiring() {
        byte[] bytes = table(4).bytes(ADDRESS);
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(new String(bytes, 0, 4, StandardCharsets.US_ASCII)).isEqualTo("_MP_");
        assertThat(sum(bytes, 0, 16)).isZero();
        assertThat(buffer.getInt(4)).isEqualTo((int) ADDRESS + 16);
        assertThat(new String(bytes, 16, 4, StandardCharsets.US_ASCII)).isEqualTo("PCMP");
        int length = buffer.getShort(20);
        assertThat(16 + length).isEqualTo(bytes.length);
        assertThat(sum(bytes, 16, bytes.length)).isZero();
        List<Integer> types = new ArrayList<>();
        List<Integer> isaPins = new ArrayList<>();
        int at = 16 + 44;
        while (at < bytes.length) {
            int type = bytes[at];
            types.add(type);
            if (type == 3 && bytes[at + 4] == 0) {
                isaPins.add((int) bytes[at + 7]);
                int flags = bytes[at + 5] == 9 ? 0xd : 0;
                assertThat(bytes[at + 2]).as("only the SCI is not as the bus has it").isEqualTo((byte) flags);
            } else if (type == 3) {
                assertThat(bytes[at + 5]).isEqualTo((byte) (3 << 2 | 1));
                assertThat(bytes[at + 7]).isEqualTo((byte) 20);
            }
            at += ENTRY_LENGTHS[type];
        }
        assertThat(at).isEqualTo(bytes.length);
        assertThat(types.size()).isEqualTo(buffer.getShort(16 + 34));
        assertThat(types).filteredOn(t -> t == 0).hasSize(4);
        assertThat(types).filteredOn(t -> t == 4).hasSize(2);
        assertThat(isaPins).hasSize(15).startsWith(2, 1, 3).doesNotContain(0);
    }

    @Test
    void tooManyCpus() {
        assertThatThrownBy(() -> table(255)).hasMessageContaining("255");
    }
}
