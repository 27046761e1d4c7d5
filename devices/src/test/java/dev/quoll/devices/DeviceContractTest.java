package dev.quoll.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.quoll.devices.acpi.Pm1Registers;
import dev.quoll.devices.acpi.PmTimer;
import dev.quoll.devices.acpi.SleepRegisters;
import dev.quoll.devices.chipset.LpcBridge;
import dev.quoll.devices.chipset.MemoryController;
import dev.quoll.devices.chipset.SystemControlA;
import dev.quoll.devices.debug.BootStampPort;
import dev.quoll.devices.debug.DebugConsole;
import dev.quoll.devices.debug.DebugExitPort;
import dev.quoll.devices.debug.ResetControlPort;
import dev.quoll.devices.firmware.FirmwareConfig;
import dev.quoll.devices.firmware.FlashMemory;
import dev.quoll.devices.input.KeyboardController;
import dev.quoll.devices.interrupt.IoApic;
import dev.quoll.devices.interrupt.NumericErrorLatch;
import dev.quoll.devices.interrupt.Pic8259;
import dev.quoll.devices.pci.HostBridge;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.devices.pci.PciConfigPorts;
import dev.quoll.devices.pci.PciFunction;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.devices.time.CmosRtc;
import dev.quoll.devices.time.Hpet;
import dev.quoll.devices.time.Pit8254;
import dev.quoll.devices.virtio.EchoDevice;
import dev.quoll.devices.virtio.TestMemory;
import dev.quoll.devices.virtio.VirtioMmioDevice;
import dev.quoll.devices.virtio.VirtioPciFunction;
import dev.quoll.devices.virtio.VirtioWiring;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every device promises, whatever it is; run over all of them. */
class DeviceContractTest {
    private static final int FUZZ_ACCESSES = 100_000;
    /** Any day will do; not midnight, not a month's end. */
    private static final long WALL = 1_800_000_123L * 1_000_000_000L;

    /** For devices that have queues in it. */
    private static final GuestMemory MEMORY = new TestMemory().memory();

    /** The board around one device under test: where its registers are, and what pushes it from the other side. */
    static final class Rig {
        final ManualTime time = new ManualTime(WALL);
        final PowerSink power = new IgnoredPower();
        final RecordingLine line = new RecordingLine();
        final PortBus ports = new PortBus();
        final MmioBus mmio = new MmioBus();
        final List<int[]> portRanges = new ArrayList<>();
        final List<Long> mmioLengths = new ArrayList<>();
        final List<Function<Random, Boolean>> stimuli = new ArrayList<>();

        void ports(int length, AccessWidths widths, PortDevice device) {
            int base = 0x1000 * (portRanges.size() + 1);
            ports.register(base, length, widths, device);
            portRanges.add(new int[] {base, length});
        }

        void mmio(long length, AccessWidths widths, MmioDevice device) {
            mmio.register(0, length, widths, device);
            mmioLengths.add(length);
        }

        void drives(InterruptLine input) {
            stimuli.add(random -> {
                input.setLevel(random.nextBoolean());
                return true;
            });
        }
    }

    /** The machine's fate is not this test's subject. */
    private static final class IgnoredPower implements PowerSink {
        private int events;

        @Override
        public void reset(String cause) {
            events++;
        }

        @Override
        public void powerOff(String cause) {
            events++;
        }

        @Override
        public void panicked(String report) {
            events++;
        }

        @Override
        public void exit(int status) {
            events++;
        }
    }

    /** What is decoded where is not this test's subject. */
    private static final class IgnoredDecoding implements MemoryController.Decoding, LpcBridge.Decoding {
        private int changes;

        @Override
        public void configWindow(long address, long length) {
            changes++;
        }

        @Override
        public void shadow(byte[] attributes) {
            changes++;
        }

        @Override
        public void powerPorts(int base) {
            changes++;
        }

        @Override
        public void route(int wire, int irq) {
            changes++;
        }
    }

    private static final class QuietHost implements FlashMemory.Host {
        private int changes;

        @Override
        public void show(boolean array) {
            changes++;
        }

        @Override
        public void changed(int offset, int length) {
            changes++;
        }
    }

    private static PciBus firstFunction(PciFunction function) {
        PciBus bus = new PciBus();
        bus.attach(0, 0, function);
        return bus;
    }

    /** Stands for the devices behind a device under test, whose state is not its own. */
    private static final class Stateless implements PciFunction, PortDevice {
        @Override
        public int readConfig(int register, int width) {
            return register;
        }

        @Override
        public void writeConfig(int register, int width, int value) {
            checkThat(register >= 0 && register < 4096);
        }

        @Override
        public int readPort(int offset, int width) {
            return offset;
        }

        @Override
        public void writePort(int offset, int width, int value) {
            checkThat(offset == 0);
        }

        private static void checkThat(boolean inRange) {
            if (!inRange) {
                throw new AssertionError("register out of range");
            }
        }
    }

    private static VirtioWiring wiring(Rig rig) {
        return new VirtioWiring(MEMORY, rig.line, true, _ -> {});
    }

    private static Arguments device(String name, Function<Rig, Device<?>> make) {
        return Arguments.of(name, make);
    }

    static Stream<Arguments> devices() {
        return Stream.of(
                device("uart", rig -> {
                    SerialOutput sometimesFull = new SerialOutput() {
                        private int count;

                        @Override
                        public boolean offer(int octet) {
                            return count++ % 3 != 0;
                        }

                        @Override
                        public void whenReady(Runnable callback) {
                            rig.stimuli.add(random -> {
                                callback.run();
                                return true;
                            });
                        }
                    };
                    Uart16550 uart =
                            new Uart16550("com1", rig.line, sometimesFull, rig.time, rig.time.timers());
                    rig.ports(Uart16550.PORTS, Uart16550.WIDTHS, uart);
                    rig.stimuli.add(random -> uart.feed(new byte[random.nextInt(20)], 0, 0) == 0);
                    rig.stimuli.add(random -> uart.feed(new byte[20], 0, random.nextInt(20)) >= 0);
                    rig.stimuli.add(random -> uart.feedBreak());
                    return uart;
                }),
                device("rtc", rig -> {
                    CmosRtc rtc = new CmosRtc(rig.line, rig.time, rig.time.timers());
                    rig.ports(CmosRtc.PORTS, CmosRtc.WIDTHS, rtc);
                    return rtc;
                }),
                device("i8042", rig -> {
                    KeyboardController keyboard = new KeyboardController(rig.line, rig.power);
                    rig.ports(1, KeyboardController.WIDTHS, keyboard);
                    rig.ports(1, KeyboardController.WIDTHS, keyboard.commandPort());
                    rig.stimuli.add(random -> keyboard.type(random.nextInt(256), random.nextInt(256)));
                    return keyboard;
                }),
                device("numeric error", rig -> {
                    NumericErrorLatch latch = new NumericErrorLatch(rig.line, InterruptLine.NONE);
                    rig.ports(NumericErrorLatch.PORTS, NumericErrorLatch.WIDTHS, latch);
                    rig.drives(latch.ferr());
                    return latch;
                }),
                device("pm timer", rig -> {
                    PmTimer timer = new PmTimer(rig.time);
                    rig.ports(PmTimer.PORTS, PmTimer.WIDTHS, timer);
                    return timer;
                }),
                device("sleep registers", rig -> {
                    SleepRegisters sleep = new SleepRegisters(rig.power);
                    rig.ports(SleepRegisters.PORTS, SleepRegisters.WIDTHS, sleep);
                    return sleep;
                }),
                device("pm1", rig -> {
                    Pm1Registers pm1 = new Pm1Registers(rig.line, rig.power, rig.time, rig.time.timers());
                    rig.ports(Pm1Registers.PORTS, Pm1Registers.WIDTHS, pm1);
                    rig.stimuli.add(random -> {
                        pm1.pressPowerButton();
                        return true;
                    });
                    return pm1;
                }),
                device("debug console", rig -> {
                    DebugConsole console = new DebugConsole("debug", SerialOutput.NONE);
                    rig.ports(1, DebugConsole.WIDTHS, console);
                    return console;
                }),
                device("boot stamps", rig -> {
                    BootStampPort stamps = new BootStampPort(rig.time);
                    rig.ports(1, BootStampPort.WIDTHS, stamps);
                    return stamps;
                }),
                device("debug exit", rig -> {
                    DebugExitPort exit = new DebugExitPort(rig.power);
                    rig.ports(DebugExitPort.PORTS, DebugExitPort.WIDTHS, exit);
                    return exit;
                }),
                device("reset control", rig -> {
                    ResetControlPort reset = new ResetControlPort(rig.power);
                    rig.ports(1, ResetControlPort.WIDTHS, reset);
                    return reset;
                }),
                device("ioapic", rig -> {
                    IoApic ioApic = new IoApic((address, data) -> rig.line.pulse());
                    rig.mmio(0x50, IoApic.WIDTHS, ioApic);
                    for (int pin = 0; pin < IoApic.PINS; pin++) {
                        rig.drives(ioApic.pin(pin));
                    }
                    rig.stimuli.add(random -> {
                        ioApic.endOfInterrupt(random.nextInt(256));
                        return true;
                    });
                    return ioApic;
                }),
                device("pic", rig -> {
                    Pic8259 pic = new Pic8259(rig.line);
                    rig.ports(Pic8259.PORTS, Pic8259.WIDTHS, pic.master());
                    rig.ports(Pic8259.PORTS, Pic8259.WIDTHS, pic.slave());
                    rig.ports(Pic8259.PORTS, Pic8259.WIDTHS, pic.edgeLevelControl());
                    for (int irq = 0; irq < Pic8259.INPUTS; irq++) {
                        if (irq != 2) {
                            rig.drives(pic.input(irq));
                        }
                    }
                    rig.stimuli.add(random -> pic.acknowledge() >>> 8 == 0);
                    return pic;
                }),
                device("pit", rig -> {
                    Pit8254 pit = new Pit8254(rig.line, rig.time, rig.time.timers());
                    rig.ports(Pit8254.PORTS, Pit8254.WIDTHS, pit);
                    rig.ports(1, Pit8254.WIDTHS, pit.systemControl());
                    return pit;
                }),
                device("hpet", rig -> {
                    List<InterruptLine> pins = Collections.nCopies(24, rig.line);
                    Hpet hpet = new Hpet(pins, InterruptLine.NONE, InterruptLine.NONE, rig.time, rig.time.timers());
                    rig.mmio(0x170, Hpet.WIDTHS, hpet);
                    rig.drives(hpet.pitInput());
                    rig.drives(hpet.rtcInput());
                    return hpet;
                }),
                device("pci host bridge", rig -> {
                    HostBridge bridge = new HostBridge(HostBridge.GENERIC);
                    rig.mmio(0x2000, PciBus.ECAM_WIDTHS, firstFunction(bridge));
                    return bridge;
                }),
                device("virtio over pci", rig -> {
                    VirtioPciFunction<?> function = new VirtioPciFunction<>(
                            new EchoDevice(MEMORY, 2), wiring(rig), new MmioBus(), (address, data) -> rig.line.pulse(), 17, 0x8000);
                    rig.mmio(0x4000, AccessWidths.BYTE_TO_DWORD, function);
                    return function;
                }),
                device("virtio over mmio", rig -> {
                    VirtioMmioDevice<?> window = new VirtioMmioDevice<>(new EchoDevice(MEMORY, 2), wiring(rig));
                    rig.mmio(VirtioMmioDevice.LENGTH, VirtioMmioDevice.WIDTHS, window);
                    return window;
                }),
                device("firmware configuration", rig -> {
                    FirmwareConfig config = new FirmwareConfig(MEMORY)
                            .item(FirmwareConfig.Item.CPU_COUNT, FirmwareConfig.littleEndian(2, 3))
                            .file("etc/e820", new byte[40]);
                    rig.ports(FirmwareConfig.PORTS, FirmwareConfig.WIDTHS, config);
                    return config;
                }),
                device("flash memory", rig -> {
                    byte[] content = new byte[2 * FlashMemory.BLOCK];
                    new Random(3).nextBytes(content);
                    FlashMemory flash = new FlashMemory("flash", content, MEMORY, 0x100000, new QuietHost());
                    rig.mmio(content.length, FlashMemory.WIDTHS, flash);
                    return flash;
                }),
                device("memory controller", rig -> {
                    MemoryController controller = new MemoryController(new IgnoredDecoding());
                    rig.mmio(0x1000, PciBus.ECAM_WIDTHS, firstFunction(controller));
                    return controller;
                }),
                device("lpc bridge", rig -> {
                    LpcBridge bridge = new LpcBridge(new IgnoredDecoding());
                    rig.mmio(0x1000, PciBus.ECAM_WIDTHS, firstFunction(bridge));
                    return bridge;
                }),
                device("system control port a", rig -> {
                    SystemControlA control = new SystemControlA(rig.power);
                    rig.ports(1, SystemControlA.WIDTHS, control);
                    return control;
                }),
                device("pci configuration ports", rig -> {
                    PciBus bus = new PciBus();
                    bus.attach(0, 0, new Stateless());
                    PciConfigPorts config = new PciConfigPorts(bus, new Stateless());
                    rig.ports(PciConfigPorts.PORTS, PciConfigPorts.WIDTHS, config);
                    return config;
                }));
    }

    private static void access(Rig rig, Random random) {
        int choice = random.nextInt(rig.portRanges.size() + rig.mmioLengths.size());
        boolean write = random.nextBoolean();
        if (choice < rig.portRanges.size()) {
            int[] range = rig.portRanges.get(choice);
            int port = range[0] + random.nextInt(range[1]);
            int width = 1 << random.nextInt(3);
            if (write) {
                rig.ports.write(port, width, random.nextBoolean() ? random.nextInt() : random.nextInt(256));
            } else {
                rig.ports.read(port, width);
            }
        } else {
            long address = random.nextLong(rig.mmioLengths.getFirst());
            address = random.nextInt(4) == 0 ? address : address & -8;
            int width = 1 << random.nextInt(4);
            if (write) {
                long value = random.nextLong() >>> random.nextInt(64);
                rig.mmio.write(address, width, value);
            } else {
                rig.mmio.read(address, width);
            }
        }
    }

    /** Random accesses, time and outside events from a seed. */
    private static void fuzz(Rig rig, long seed, int accesses) {
        Random random = new Random(seed);
        for (int i = 0; i < accesses; i++) {
            access(rig, random);
            if (!rig.stimuli.isEmpty() && random.nextInt(10) == 0) {
                rig.stimuli.get(random.nextInt(rig.stimuli.size())).apply(random);
            }
            if (random.nextInt(500) == 0) {
                rig.time.advance(random.nextLong(1L << random.nextInt(1, 40)));
            }
        }
        rig.time.settle();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void resetIsIdempotentAndLowersTheLine(String name, Function<Rig, Device<?>> make) {
        Rig rig = new Rig();
        try (rig.time) {
            Device<?> device = make.apply(rig);
            fuzz(rig, 1, 2_000);
            device.reset();
            Record once = device.save();
            device.reset();
            assertThat(device.save()).isEqualTo(once);
            assertThat(rig.line.high()).isFalse();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void savingTwiceGivesEqualRecords(String name, Function<Rig, Device<?>> make) {
        for (long seed = 1; seed <= 20; seed++) {
            Rig rig = new Rig();
            try (rig.time) {
                Device<?> device = make.apply(rig);
                fuzz(rig, seed, 500);
                assertThat(device.save()).as("seed %d", seed).isEqualTo(device.save());
            }
        }
    }

    /** The restored twin has an equal state, and answers the same accesses with the same values from there on. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void restoredTwinEqualsAndBehavesAlike(String name, Function<Rig, Device<?>> make) {
        for (long seed = 1; seed <= 20; seed++) {
            Rig rig = new Rig();
            Rig twinRig = new Rig();
            try (rig.time;
                    twinRig.time) {
                Device<?> device = make.apply(rig);
                Device<?> twin = make.apply(twinRig);
                fuzz(rig, seed, 500);
                twinRig.time.advance(rig.time.nanos());
                Record saved = device.save();
                restore(twin, saved);
                assertThat(twin.save()).as("seed %d", seed).isEqualTo(saved);
                Random random = new Random(seed);
                for (int[] range : rig.portRanges) {
                    for (int i = 0; i < range[1]; i++) {
                        assertThat(twinRig.ports.read(range[0] + i, 1))
                                .as("seed %d port %x + %d", seed, range[0], i)
                                .isEqualTo(rig.ports.read(range[0] + i, 1));
                    }
                }
                for (long length : rig.mmioLengths) {
                    long address = random.nextLong(length) & -4;
                    assertThat(twinRig.mmio.read(address, 4))
                            .as("seed %d at %x", seed, address)
                            .isEqualTo(rig.mmio.read(address, 4));
                }
                assertThat(twin.save()).as("seed %d, after reads", seed).isEqualTo(device.save());
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <S extends Record> void restore(Device<S> device, Record state) {
        device.restore((S) state);
    }

    /** Polling loops hit registers a million times a second: an access allocates nothing. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void registerAccessesAllocateNothing(String name, Function<Rig, Device<?>> make)
            throws ReflectiveOperationException {
        Method allocated = Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        Object threads = Class.forName("java.lang.management.ManagementFactory")
                .getMethod("getThreadMXBean")
                .invoke(null);
        Rig rig = new Rig();
        try (rig.time) {
            make.apply(rig);
            Random random = new Random(7);
            for (int i = 0; i < 5_000; i++) {
                access(rig, random);
            }
            long before = (long) allocated.invoke(threads);
            for (int i = 0; i < 20_000; i++) {
                access(rig, random);
            }
            // The reflective calls allocate boxes and, when the JVM gets to it, their own accessor: kilobytes. One object an
            // access would be 320,000 bytes.
            assertThat((long) allocated.invoke(threads) - before).isLessThan(20_000);
        }
    }

    /** Several CPUs, the timer thread and the host side at once: no deadlock, no exception, a state that restores. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void survivesSeveralCpusAtOnce(String name, Function<Rig, Device<?>> make) throws InterruptedException {
        Rig rig = new Rig();
        try (rig.time) {
            Device<?> device = make.apply(rig);
            List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
            List<Thread> threads = new ArrayList<>();
            for (int cpu = 0; cpu < 3; cpu++) {
                long seed = cpu;
                threads.add(Thread.ofPlatform()
                        .daemon()
                        .uncaughtExceptionHandler((thread, failure) -> failures.add(failure))
                        .start(() -> fuzz(rig, seed, 10_000)));
            }
            for (Thread thread : threads) {
                assertThat(thread.join(Duration.ofSeconds(20))).as("no deadlock").isTrue();
            }
            assertThat(failures).isEmpty();
            Record saved = device.save();
            restore(device, saved);
            assertThat(device.save()).isEqualTo(saved);
        }
    }

    /** A hostile guest: nothing throws, nothing hangs, and the state stays small. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void survivesRandomAccesses(String name, Function<Rig, Device<?>> make) {
        long seed = System.nanoTime();
        System.out.println("DeviceContractTest " + name + " seed " + seed);
        Rig rig = new Rig();
        try (rig.time) {
            Device<?> device = make.apply(rig);
            assertTimeoutPreemptively(Duration.ofSeconds(20), () -> fuzz(rig, seed, FUZZ_ACCESSES), "seed " + seed);
            assertThat(device.save().toString().length()).as("seed %d", seed).isLessThan(20_000);
        }
    }
}
