package dev.quoll.devices.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What firmware does to the memory controller and the LPC bridge, and what their owners hear of it. */
class MemoryControllerTest {
    private final List<String> heard = new ArrayList<>();
    private byte[] attributes = new byte[ShadowRam.REGISTERS];
    private final MemoryController controller = new MemoryController(new MemoryController.Decoding() {
        @Override
        public void configWindow(long address, long length) {
            heard.add(address < 0 ? "window off" : "window %x + %x".formatted(address, length));
        }

        @Override
        public void shadow(byte[] registers) {
            attributes = registers;
        }
    });
    private final LpcBridge bridge = new LpcBridge(new LpcBridge.Decoding() {
        @Override
        public void powerPorts(int base) {
            heard.add("ports %x".formatted(base));
        }

        @Override
        public void route(int wire, int irq) {
            if (irq >= 0) {
                heard.add("wire %d to %d".formatted(wire, irq));
            }
        }
    });

    @Test
    void isTheBridgeThatFirmwareLooksFor() {
        assertThat(controller.readConfig(0, 4)).isEqualTo(0x29c0_8086);
        assertThat(bridge.readConfig(0, 4)).isEqualTo(0x2918_8086);
        assertThat(bridge.readConfig(0x0e, 1)).as("more functions").isEqualTo(0x80);
    }

    @Test
    void theConfigWindowIsWhereItIsPut() {
        controller.writeConfig(0x64, 4, 0);
        controller.writeConfig(0x60, 4, 0xb000_0001);
        assertThat(heard.getLast()).isEqualTo("window b0000000 + 10000000");
        assertThat(controller.configWindow()).isEqualTo(0xb000_0000L);
        controller.writeConfig(0x60, 4, 0xe400_0005);
        assertThat(heard.getLast()).isEqualTo("window e4000000 + 4000000");
        controller.writeConfig(0x60, 4, 0xe400_0007);
        assertThat(heard.getLast()).as("a reserved length").isEqualTo("window off");
        controller.writeConfig(0x64, 4, 0xff);
        controller.writeConfig(0x60, 4, 0x1);
        assertThat(heard.getLast()).isEqualTo("window f00000000 + 10000000");
        controller.reset();
        assertThat(controller.configWindow()).isEqualTo(-1);
    }

    /** The data sheet's table of registers and segments, written down a second time. */
    @Test
    void eachHalfOfARegisterIsASegment() {
        long[][] table = {
            {0x90, 4, 0xf0000, 0x10000}, {0x91, 0, 0xc0000, 0x4000}, {0x91, 4, 0xc4000, 0x4000}, {0x92, 0, 0xc8000, 0x4000},
            {0x92, 4, 0xcc000, 0x4000}, {0x93, 0, 0xd0000, 0x4000}, {0x93, 4, 0xd4000, 0x4000}, {0x94, 0, 0xd8000, 0x4000},
            {0x94, 4, 0xdc000, 0x4000}, {0x95, 0, 0xe0000, 0x4000}, {0x95, 4, 0xe4000, 0x4000}, {0x96, 0, 0xe8000, 0x4000},
            {0x96, 4, 0xec000, 0x4000}
        };
        assertThat(table).hasNumberOfRows(ShadowRam.SEGMENTS);
        for (long[] row : table) {
            int segment = ShadowRam.segmentOf(row[2]);
            assertThat(ShadowRam.address(segment)).isEqualTo(row[2]);
            assertThat(ShadowRam.length(segment)).isEqualTo((int) row[3]);
            assertThat(ShadowRam.segmentOf(row[2] + row[3] - 1)).isEqualTo(segment);
            for (ShadowRam.Access access : ShadowRam.Access.values()) {
                controller.writeConfig((int) row[0], 1, access.ordinal() << row[1]);
                for (int other = 0; other < ShadowRam.SEGMENTS; other++) {
                    assertThat(ShadowRam.access(attributes, other)).isEqualTo(other == segment ? access : ShadowRam.Access.ROM);
                }
            }
            controller.writeConfig((int) row[0], 1, 0);
        }
    }

    @Test
    void theBridgeMovesPowerPortsAndRoutesInterrupts() {
        bridge.writeConfig(0x40, 4, 0x601);
        assertThat(heard.getLast()).as("not enabled yet").isEqualTo("ports ffffffff");
        bridge.writeConfig(0x44, 1, 0x80);
        assertThat(heard.getLast()).isEqualTo("ports 600");
        bridge.writeConfig(0x61, 1, 0x0a);
        assertThat(heard.getLast()).isEqualTo("wire 1 to 10");
        assertThat(bridge.readConfig(0x40, 4)).isEqualTo(0x601);
    }
}
