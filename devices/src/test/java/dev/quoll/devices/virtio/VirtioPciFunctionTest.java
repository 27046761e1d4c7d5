package dev.quoll.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.machine.MmioBus;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is of PCI in the PCI transport: capabilities, vectors, the wire, windows, resets. */
@Timeout(60)
class VirtioPciFunctionTest {
    private static final int SLOT = 5 << 3;
    private static final long BARS = 0xc002_8000L;
    private static final int MSIX_CAPABILITY = 0x11;
    private static final int EXPRESS_CAPABILITY = 0x10;

    private final TestMemory room = new TestMemory();
    private final RecordingLine line = new RecordingLine();
    private final List<Integer> messages = new ArrayList<>();
    private final MmioBus bus = new MmioBus();
    private final PciBus pci = new PciBus();
    private EchoDevice device;
    private VirtioPciFunction<EchoDevice.State> function;

    @BeforeEach
    void make() {
        device = new EchoDevice(room.memory(), 2);
        function = new VirtioPciFunction<>(
                device,
                new VirtioWiring(room.memory(), line, false, _ -> {}),
                bus,
                (address, data) -> messages.add(data),
                21,
                BARS);
        pci.attach(SLOT >>> 3, 0, function);
        pci.writeConfig(SLOT, 4, 2, 6);
    }

    @AfterEach
    void close() {
        function.close();
        room.close();
    }

    private int capability(int id, int type) {
        for (int at = pci.readConfig(SLOT, 0x34, 1); at != 0; at = pci.readConfig(SLOT, at + 1, 1)) {
            if (pci.readConfig(SLOT, at, 1) == id && (type == 0 || pci.readConfig(SLOT, at + 3, 1) == type)) {
                return at;
            }
        }
        throw new AssertionError("no capability " + id);
    }

    private void startDevice() {
        bus.write(BARS + 0x14, 1, 3);
        bus.write(BARS + 8, 4, 1);
        bus.write(BARS + 0xc, 4, 1);
        bus.write(BARS + 0x14, 1, 3 | VirtioTransport.FEATURES_OK);
        bus.write(BARS + 0x14, 1, 3 | VirtioTransport.FEATURES_OK | VirtioTransport.DRIVER_OK);
        assertThat(bus.read(BARS + 0x14, 1)).isEqualTo(15);
    }

    @Test
    void saysWhatItIs() {
        assertThat(pci.readConfig(SLOT, 0, 4)).isEqualTo(0x1040 + 42 << 16 | 0x1af4);
        assertThat(pci.readConfig(SLOT, 8, 1)).isEqualTo(1);
        assertThat(pci.readConfig(SLOT, 0x3d, 1)).isEqualTo(1);
        for (int type = 1; type <= 5; type++) {
            int at = capability(9, type);
            assertThat(pci.readConfig(SLOT, at + 2, 1)).isEqualTo(type == 2 || type == 5 ? 20 : 16);
        }
        assertThat(pci.readConfig(SLOT, capability(MSIX_CAPABILITY, 0) + 2, 2)).as("3 vectors").isEqualTo(2);
        assertThat(pci.readConfig(SLOT, 0x100, 4)).as("no extended capability").isZero();
    }

    /** Without MSI-X the wire tells, and reading the status lets it fall; INTx disable holds it down. */
    @Test
    void interruptsByWire() {
        startDevice();
        device.queues.configChanged();
        assertThat(line.high()).isTrue();
        assertThat(pci.readConfig(SLOT, 6, 2) & 8).as("interrupt status in the header").isEqualTo(8);
        assertThat(bus.read(BARS + 0x1000, 1)).isEqualTo(2);
        assertThat(line.high()).isFalse();
        assertThat(pci.readConfig(SLOT, 6, 2) & 8).isZero();
        assertThat(bus.read(BARS + 0x1000, 1)).isZero();
        pci.writeConfig(SLOT, 4, 2, 0x406);
        device.queues.configChanged();
        assertThat(line.high()).isFalse();
        pci.writeConfig(SLOT, 4, 2, 6);
        assertThat(line.high()).isTrue();
        bus.write(BARS + 0x14, 1, 0);
        assertThat(line.high()).as("after a reset").isFalse();
    }

    @Test
    void vectorsThatDoNotExistAreRefused() {
        pci.writeConfig(SLOT, capability(MSIX_CAPABILITY, 0) + 2, 2, 0x8000);
        bus.write(BARS + 0x10, 2, 3);
        assertThat(bus.read(BARS + 0x10, 2)).isEqualTo(0xffff);
        bus.write(BARS + 0x10, 2, 2);
        assertThat(bus.read(BARS + 0x10, 2)).isEqualTo(2);
        for (int queue : new int[] {2, 3, 0xffff}) {
            bus.write(BARS + 0x16, 2, queue);
            bus.write(BARS + 0x1a, 2, 1);
            assertThat(bus.read(BARS + 0x1a, 2)).as("queue %d", queue).isEqualTo(0xffff);
            assertThat(bus.read(BARS + 0x18, 2)).isZero();
        }
        assertThat(bus.read(BARS + 0x10, 2)).as("untouched").isEqualTo(2);
        startDevice();
        device.queues.configChanged();
        assertThat(messages).as("masked at power-on").isEmpty();
        assertThat(line.high()).isFalse();
        bus.write(BARS + 0x4000 + 2 * 16 + 8, 4, 77);
        bus.write(BARS + 0x4000 + 2 * 16 + 12, 4, 0);
        assertThat(messages).as("sent when unmasked").containsExactly(77);
    }

    /** The window in configuration space reaches every register that memory does, and nothing else. */
    @Test
    void registersThroughConfigurationSpace() {
        int window = capability(9, 5);
        pci.writeConfig(SLOT, window + 4, 1, 0);
        pci.writeConfig(SLOT, window + 8, 4, 0x12);
        pci.writeConfig(SLOT, window + 12, 4, 2);
        assertThat(pci.readConfig(SLOT, window + 16, 4) & 0xffff).as("number of queues").isEqualTo(2);
        pci.writeConfig(SLOT, window + 8, 4, 0x14);
        pci.writeConfig(SLOT, window + 12, 4, 1);
        pci.writeConfig(SLOT, window + 16, 4, 3);
        assertThat(bus.read(BARS + 0x14, 1)).isEqualTo(3);
        Random random = new Random(5);
        for (int i = 0; i < 10_000; i++) {
            pci.writeConfig(SLOT, window + 4, 1, random.nextInt(3));
            pci.writeConfig(SLOT, window + 8, 4, random.nextInt());
            pci.writeConfig(SLOT, window + 12, 4, random.nextInt(9));
            pci.writeConfig(SLOT, window + 16, 4, random.nextInt());
            pci.readConfig(SLOT, window + 16, 1 << random.nextInt(3));
        }
    }

    @Test
    void aFunctionLevelResetStopsTheDevice() {
        startDevice();
        int control = capability(EXPRESS_CAPABILITY, 0) + 8;
        pci.writeConfig(SLOT, control, 2, 0x8000);
        assertThat(pci.readConfig(SLOT, control, 2)).isZero();
        assertThat(pci.readConfig(SLOT, 4, 2)).as("memory decoding is off").isZero();
        assertThat(bus.claims(BARS)).isFalse();
        pci.writeConfig(SLOT, 4, 2, 6);
        assertThat(bus.read(BARS + 0x14, 1)).isZero();
    }

    /** A function that may not master the bus leaves memory alone until it may. */
    @Test
    void onlyABusMasterTouchesMemory() throws InterruptedException {
        try (TestDriver driver = new TestDriver(memory -> new EchoDevice(memory, 1)).start()) {
            PciDriverTransport transport = (PciDriverTransport) driver.transport();
            TestQueue queue = driver.queue(0);
            transport.setConfig(4, 2, 2);
            TestQueue.Request request = queue.submit(new byte[] {1}, 1);
            queue.kick();
            Thread.sleep(5);
            queue.reap();
            assertThat(request.done()).isFalse();
            transport.setConfig(4, 2, 6);
            assertThat(queue.await(request)).containsExactly(1);
        }
    }
}
