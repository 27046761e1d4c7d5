package dev.quoll.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.RecordingPower;
import dev.quoll.devices.debug.ResetControlPort;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.PortBus;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PciConfigSpaceTest {
    private static final int COMMAND = 4;
    private static final int BAR_0 = 0x10;

    private final MmioBus mmio = new MmioBus();
    private final PciConfigSpace config = new PciConfigSpace(
            new PciIdentity(0x1af4, 0x1041, 1, 0x020000, 0x1af4, 0x40),
            new BusBarMapping(mmio)
                    .window(0, AccessWidths.BYTE_TO_DWORD, registers(0x11))
                    .window(2, AccessWidths.BYTE_TO_QWORD, registers(0x22)));

    PciConfigSpaceTest() {
        config.addBar(0, BarSpace.MEMORY_32, 0x1000, 0xc000_0000L);
        config.addBar(2, BarSpace.MEMORY_64_PREFETCHABLE, 0x2_0000_0000L, 0x10_0000_0000L);
    }

    private static MmioDevice registers(int value) {
        return new MmioDevice() {
            @Override
            public long readMmio(long offset, int width) {
                return value;
            }

            @Override
            public void writeMmio(long offset, int width, long written) {
                throw new AssertionError("nothing writes here");
            }
        };
    }

    @Test
    void headerOfATypeZeroFunction() {
        assertThat(config.readConfig(0, 4)).isEqualTo(0x1041_1af4);
        assertThat(config.readConfig(8, 4)).isEqualTo(0x0200_0001);
        assertThat(config.readConfig(0x2c, 4)).isEqualTo(0x0040_1af4);
        assertThat(config.readConfig(6, 2)).as("no capabilities yet").isZero();
        config.writeConfig(0, 4, -1);
        config.writeConfig(8, 4, 0);
        assertThat(config.readConfig(0, 4)).isEqualTo(0x1041_1af4);
        assertThat(config.readConfig(0xb, 1)).isEqualTo(2);
        config.writeConfig(COMMAND, 2, 0xffff);
        assertThat(config.readConfig(COMMAND, 2)).isEqualTo(0x406);
        assertThat(config.busMaster()).isTrue();
        assertThat(config.intxDisabled()).isTrue();
    }

    @Test
    void barSizing() {
        config.writeConfig(BAR_0, 4, -1);
        assertThat(config.readConfig(BAR_0, 4)).isEqualTo(0xffff_f000);
        config.writeConfig(BAR_0 + 8, 4, -1);
        config.writeConfig(BAR_0 + 12, 4, -1);
        assertThat(config.readConfig(BAR_0 + 8, 4)).isEqualTo(0xc);
        assertThat(config.readConfig(BAR_0 + 12, 4)).isEqualTo(0xffff_fffe);
        config.writeConfig(BAR_0 + 4, 4, -1);
        assertThat(config.readConfig(BAR_0 + 4, 4)).as("no BAR 1").isZero();
    }

    @Test
    void decodingFollowsCommandAndBars() {
        assertThat(mmio.claims(0xc000_0000L)).isFalse();
        config.writeConfig(COMMAND, 2, 2);
        assertThat(mmio.read(0xc000_0ffcL, 4)).isEqualTo(0x11);
        assertThat(mmio.read(0x10_0000_0000L, 8)).isEqualTo(0x22);
        assertThat(config.mappedAt(2)).isEqualTo(0x10_0000_0000L);
        config.writeConfig(BAR_0, 4, 0xd000_0000);
        assertThat(mmio.claims(0xc000_0000L)).isFalse();
        assertThat(mmio.read(0xd000_0000L, 4)).isEqualTo(0x11);
        config.writeConfig(BAR_0 + 12, 4, 0x20);
        assertThat(mmio.read(0x20_0000_0000L, 4)).isEqualTo(0x22);
        config.writeConfig(COMMAND, 2, 0);
        assertThat(mmio.claims(0xd000_0000L)).isFalse();
        assertThat(config.mappedAt(0)).isEqualTo(-1);
    }

    @Test
    void aBarOverAnotherDeviceStaysUnmapped() {
        mmio.register(0xfec0_0000L, 0x1000, AccessWidths.DWORD, registers(0x33));
        config.writeConfig(BAR_0, 4, 0xfec0_0000);
        config.writeConfig(COMMAND, 2, 2);
        assertThat(mmio.read(0xfec0_0000L, 4)).isEqualTo(0x33);
        assertThat(config.mappedAt(0)).isEqualTo(-1);
        config.writeConfig(BAR_0, 4, 0xc000_0000);
        assertThat(mmio.read(0xc000_0000L, 4)).isEqualTo(0x11);
    }

    @Test
    void resetAndRestoreMoveBars() {
        config.writeConfig(BAR_0, 4, 0xd000_0000);
        config.writeConfig(COMMAND, 2, 6);
        PciConfigSpace.State saved = config.save();
        config.reset();
        assertThat(mmio.claims(0xd000_0000L)).isFalse();
        assertThat(config.readConfig(BAR_0, 4)).isEqualTo(0xc000_0000);
        config.restore(saved);
        assertThat(mmio.read(0xd000_0000L, 4)).isEqualTo(0x11);
        assertThat(config.save()).isEqualTo(saved);
    }

    @Test
    void capabilityListAndWriteListener() {
        int first = config.addCapability(0x09, new byte[] {16, 1, 2, 3, 4}, new byte[5]);
        int second = config.addCapability(0x11, new byte[] {0, 0}, new byte[] {0, (byte) 0xc0});
        assertThat(config.readConfig(6, 2) & 0x10).isNotZero();
        assertThat(config.readConfig(0x34, 1)).isEqualTo(first);
        assertThat(config.readConfig(first, 2)).isEqualTo(second << 8 | 0x09);
        assertThat(config.readConfig(second, 2)).isEqualTo(0x11);
        assertThat(second % 4).isZero();
        int[] heard = {0};
        config.listen(second, second + 4, (register, width) -> heard[0]++);
        config.writeConfig(second + 2, 2, 0xffff);
        assertThat(config.readConfig(second + 2, 2)).isEqualTo(0xc000);
        config.writeConfig(first, 4, 0);
        assertThat(heard[0]).isEqualTo(1);
        assertThatThrownBy(() -> config.addCapability(9, new byte[250], new byte[250]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void randomBarWritesNeverThrowAndLeaveAtMostOneMappingEach() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        mmio.register(0xfee0_0000L, 0x1000, AccessWidths.DWORD, registers(0x44));
        for (int i = 0; i < 50_000; i++) {
            int width = 1 << random.nextInt(3);
            int register = random.nextInt(64) & -width;
            config.writeConfig(register, width, random.nextInt());
            config.writeConfig(COMMAND, 2, random.nextInt(4));
        }
        config.writeConfig(COMMAND, 2, 0);
        for (int bar = 0; bar < PciConfigSpace.BARS; bar++) {
            assertThat(config.mappedAt(bar)).as("seed %d", seed).isEqualTo(-1);
        }
        assertThat(mmio.unregister(0xfee0_0000L)).isTrue();
        for (int i = 0; i < 1000; i++) {
            assertThat(mmio.claims(random.nextLong())).as("seed %d", seed).isFalse();
        }
    }

    @Test
    void bothConfigurationMechanismsSeeTheSameBus() {
        PciBus bus = new PciBus();
        bus.attach(0, 0, new HostBridge(HostBridge.GENERIC));
        bus.attach(1, 0, config);
        RecordingPower power = new RecordingPower();
        PortBus ports = new PortBus();
        PciConfigPorts config1 = new PciConfigPorts(bus, new ResetControlPort(power));
        ports.register(0xcf8, PciConfigPorts.PORTS, PciConfigPorts.WIDTHS, config1);
        // Linux: pci_check_type1
        ports.write(0xcfb, 1, 1);
        ports.write(0xcf8, 4, 0x8000_0000);
        assertThat(ports.read(0xcf8, 4)).isEqualTo(0x8000_0000);
        assertThat(ports.read(0xcfe, 2)).isEqualTo(0x0008);
        ports.write(0xcf8, 4, 0x8000_0808);
        assertThat(ports.read(0xcfe, 2)).as("class of 01.0").isEqualTo(0x0200);
        assertThat(ports.read(0xcfc, 4)).isEqualTo((int) bus.readMmio(0x8008, 4));
        ports.write(0xcf8, 4, 0x8000_1000);
        assertThat(ports.read(0xcfc, 4)).as("nobody at 02.0").isEqualTo(-1);
        ports.write(0xcf8, 4, 0x8001_0000);
        assertThat(ports.read(0xcfc, 2)).as("no bus 1").isEqualTo(0xffff);
        ports.write(0xcf8, 4, 0x0000_0000);
        assertThat(ports.read(0xcfc, 4)).as("not enabled").isEqualTo(-1);
        ports.write(0xcf9, 1, 2);
        ports.write(0xcf9, 1, 6);
        assertThat(power.events).containsExactly("reset");
        assertThatThrownBy(() -> bus.attach(1, 0, config)).hasMessageContaining("taken");
        assertThat(bus.detach(1, 0)).isTrue();
        assertThat(bus.readMmio(0x8000, 4)).isEqualTo(-1);
    }
}
