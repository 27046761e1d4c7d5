package dev.quoll.devices.serial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.RecordingLine;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The PC16550D data sheet's promises, and what Linux's 8250 driver probes for. */
class Uart16550Test {
    private static final int DATA = 0;
    private static final int IER = 1;
    private static final int IIR = 2;
    private static final int FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCRATCH = 7;

    /** A host end that takes bytes while it has room. */
    private static final class Host implements SerialOutput {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int room = Integer.MAX_VALUE;
        Runnable ready;

        @Override
        public boolean offer(int octet) {
            if (room == 0) {
                return false;
            }
            room--;
            bytes.write(octet);
            return true;
        }

        @Override
        public void whenReady(Runnable callback) {
            ready = callback;
        }

        String text() {
            return bytes.toString(StandardCharsets.US_ASCII);
        }
    }

    private final ManualTime time = new ManualTime();
    private final RecordingLine line = new RecordingLine();
    private final Host host = new Host();
    private final Uart16550 uart = new Uart16550("com1", line, host, time, time.timers());

    @AfterEach
    void close() {
        time.close();
    }

    private int read(int register) {
        return uart.readPort(register, 1);
    }

    private void write(int register, int value) {
        uart.writePort(register, 1, value);
    }

    private int feed(String text) {
        return uart.feed(text.getBytes(StandardCharsets.US_ASCII), 0, text.length());
    }

    @Test
    void divisorLatchHidesBehindDlab() {
        write(LCR, 0x83);
        write(DATA, 0x34);
        write(IER, 0x12);
        assertThat(read(DATA)).isEqualTo(0x34);
        assertThat(read(IER)).isEqualTo(0x12);
        write(LCR, 0x03);
        assertThat(read(IER)).isZero();
        assertThat(host.text()).isEmpty();
        write(DATA, 'x');
        assertThat(host.text()).isEqualTo("x");
    }

    @Test
    void linuxIdentifiesA16550a() {
        write(SCRATCH, 0x5a);
        assertThat(read(SCRATCH)).isEqualTo(0x5a);
        write(IER, 0xff);
        assertThat(read(IER)).as("the upper half of IER is always zero").isEqualTo(0x0f);
        write(IER, 0);
        write(FCR, 1);
        assertThat(read(IIR) >>> 6).isEqualTo(3);
        write(FCR, 0x21);
        assertThat(read(IIR) & 0x20).as("no 64-byte FIFO").isZero();
        write(FCR, 0);
        assertThat(read(IIR)).isEqualTo(1);
    }

    @Test
    void loopbackMirrorsModemLinesAndData() {
        write(MCR, 0x1a);
        assertThat(read(MSR) & 0xf0).as("autoconfig's test: RTS and OUT2 show as CTS and DCD").isEqualTo(0x90);
        write(MCR, 0x10);
        assertThat(read(MSR)).isEqualTo(0x09);
        assertThat(read(MSR)).as("deltas clear on read").isZero();
        write(MCR, 0x14);
        assertThat(read(MSR)).as("RI rising is no event").isEqualTo(0x40);
        write(MCR, 0x10);
        assertThat(read(MSR)).as("its trailing edge is").isEqualTo(0x04);
        write(DATA, 0xa5);
        assertThat(host.text()).isEmpty();
        assertThat(read(LSR) & 1).isOne();
        assertThat(read(DATA)).isEqualTo(0xa5);
        assertThat(feed("z")).as("the line is cut off in loop-back").isZero();
        write(MCR, 0);
        assertThat(read(MSR) & 0xf0).isEqualTo(0xb0);
    }

    @Test
    void overrunInLoopback() {
        write(IER, 4);
        write(MCR, 0x10);
        write(DATA, 1);
        write(DATA, 2);
        assertThat(line.high()).isTrue();
        assertThat(read(IIR)).isEqualTo(6);
        assertThat(read(LSR)).isEqualTo(0x63);
        assertThat(read(LSR)).isEqualTo(0x61);
        assertThat(line.high()).isFalse();
        assertThat(read(DATA)).as("without FIFO the later byte wins").isEqualTo(2);
    }

    @Test
    void transmitInterruptComesWithEnableAndWithEachEmptying() {
        write(IER, 2);
        assertThat(line.high()).isTrue();
        assertThat(read(IIR)).isEqualTo(2);
        assertThat(line.high()).as("reading IIR acknowledges").isFalse();
        write(IER, 0);
        write(IER, 2);
        assertThat(read(IIR)).as("Linux's THRE test enables twice").isEqualTo(2);
        write(DATA, 'a');
        assertThat(line.high()).isTrue();
        assertThat(read(IIR)).isEqualTo(2);
        assertThat(read(IIR)).isEqualTo(1);
    }

    @Test
    void receiverTriggerLevelAndTimeout() {
        write(LCR, 0x03);
        write(FCR, 0x81);
        write(IER, 1);
        assertThat(feed("1234567")).isEqualTo(7);
        assertThat(line.high()).as("7 bytes are below the level of 8").isFalse();
        // 4 characters of 10 bits at 9600 baud
        time.advance(4_166_000);
        assertThat(line.high()).isFalse();
        time.advance(2_000);
        assertThat(line.high()).isTrue();
        assertThat(read(IIR)).isEqualTo(0xcc);
        assertThat(read(DATA)).isEqualTo('1');
        assertThat(line.high()).as("a read restarts the time-out").isFalse();
        assertThat(feed("89")).isEqualTo(2);
        assertThat(read(IIR)).isEqualTo(0xc4);
        for (char c = '2'; c <= '9'; c++) {
            assertThat(read(LSR) & 1).isOne();
            assertThat(read(DATA)).isEqualTo(c);
        }
        assertThat(read(LSR)).isEqualTo(0x60);
        assertThat(line.high()).isFalse();
    }

    @Test
    void fullReceiverHoldsTheSenderBackAndCallsWhenEmpty() {
        int[] calls = {0};
        uart.whenReceiverReady(() -> calls[0]++);
        assertThat(feed("ab")).as("one byte without FIFO").isEqualTo(1);
        assertThat(read(DATA)).isEqualTo('a');
        assertThat(calls[0]).isEqualTo(1);
        write(FCR, 1);
        assertThat(feed("0123456789abcdefgh")).isEqualTo(16);
        for (int i = 0; i < 15; i++) {
            read(DATA);
        }
        assertThat(calls[0]).isEqualTo(1);
        assertThat(read(DATA)).isEqualTo('f');
        assertThat(calls[0]).isEqualTo(2);
    }

    @Test
    void breakShowsOnceInLineStatusAndReadsAsZero() {
        write(FCR, 1);
        write(IER, 4);
        feed("a");
        assertThat(uart.feedBreak()).isTrue();
        feed("b");
        assertThat(read(LSR) & 0x90).as("not at the head yet, but in the FIFO").isEqualTo(0x80);
        assertThat(read(DATA)).isEqualTo('a');
        assertThat(read(IIR) & 0xf).isEqualTo(6);
        assertThat(read(LSR) & 0x91).isEqualTo(0x91);
        assertThat(read(LSR) & 0x91).isEqualTo(0x01);
        assertThat(read(DATA)).isZero();
        assertThat(read(DATA)).isEqualTo('b');
    }

    @Test
    void slowHostShowsAsBusyTransmitterAndLosesNothing() {
        write(IER, 2);
        read(IIR);
        host.room = 1;
        write(DATA, 'a');
        write(DATA, 'b');
        write(DATA, 'c');
        assertThat(read(LSR) & 0x60).isZero();
        assertThat(line.high()).isFalse();
        host.room = 1;
        host.ready.run();
        assertThat(read(LSR) & 0x60).isZero();
        host.room = 5;
        host.ready.run();
        assertThat(host.text()).isEqualTo("abc");
        assertThat(read(LSR) & 0x60).isEqualTo(0x60);
        assertThat(line.high()).isTrue();
    }

    @Test
    void interruptPriorities() {
        write(FCR, 1);
        write(IER, 0xf);
        write(MCR, 0x1f);
        feed("never");
        write(DATA, 'q');
        write(MCR, 0x10);
        for (int i = 0; i < 17; i++) {
            write(DATA, i);
        }
        assertThat(read(IIR)).isEqualTo(0xc6);
        read(LSR);
        assertThat(read(IIR)).isEqualTo(0xc4);
        while ((read(LSR) & 1) != 0) {
            read(DATA);
        }
        assertThat(read(IIR)).isEqualTo(0xc2);
        assertThat(read(IIR)).isEqualTo(0xc0);
        read(MSR);
        assertThat(read(IIR)).isEqualTo(0xc1);
        assertThat(line.high()).isFalse();
    }
}
