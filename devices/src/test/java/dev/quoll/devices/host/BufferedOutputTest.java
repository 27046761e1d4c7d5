package dev.quoll.devices.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.devices.serial.Uart16550;
import dev.quoll.machine.InterruptLine;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BufferedOutputTest {
    /** A sink that takes bytes only while the gate is open. */
    private static final class GatedStream extends OutputStream {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final CountDownLatch gate = new CountDownLatch(1);
        final Semaphore flushed = new Semaphore(0);

        @Override
        public void write(int octet) {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] from, int start, int length) {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            bytes.write(from, start, length);
        }

        @Override
        public void flush() {
            flushed.release();
        }
    }

    @Test
    void bytesArriveFlushedInOrder() throws InterruptedException {
        GatedStream stream = new GatedStream();
        stream.gate.countDown();
        try (BufferedOutput output = new BufferedOutput(stream, "test-output")) {
            for (int round = 0; round < 3; round++) {
                // The pause lets the thread fall asleep, which is when it must be woken.
                Thread.sleep(round == 1 ? 100 : 1);
                output.offer('a' + round);
                assertThat(stream.flushed.tryAcquire(5, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(stream.bytes.toString(StandardCharsets.US_ASCII)).isEqualTo("abc");
            for (int i = 0; i < 500_000; i++) {
                while (!output.offer(i & 0x7f)) {
                    Thread.onSpinWait();
                }
            }
        }
        byte[] all = stream.bytes.toByteArray();
        assertThat(all.length).as("close carries the rest").isEqualTo(500_003);
        for (int i = 0; i < 500_000; i++) {
            assertThat(all[i + 3]).isEqualTo((byte) (i & 0x7f));
        }
    }

    /** A stalled terminal: the guest's transmitter shows busy, then everything comes out. */
    @Test
    void stalledHostHoldsTheUartAndLosesNothing() throws InterruptedException {
        GatedStream stream = new GatedStream();
        try (ManualTime time = new ManualTime();
                BufferedOutput output = new BufferedOutput(stream, "test-output")) {
            Uart16550 uart = new Uart16550("com1", InterruptLine.NONE, output, time, time.timers());
            uart.writePort(2, 1, 1);
            int written = 0;
            while ((uart.readPort(5, 1) & 0x20) != 0) {
                uart.writePort(0, 1, written++ % 251);
                assertThat(written).isLessThan(1_000_000);
            }
            stream.gate.countDown();
            while ((uart.readPort(5, 1) & 0x20) == 0) {
                Thread.sleep(1);
            }
            output.close();
            byte[] all = stream.bytes.toByteArray();
            assertThat(all.length).isEqualTo(written);
            for (int i = 0; i < written; i++) {
                assertThat(all[i] & 0xff).isEqualTo(i % 251);
            }
        }
    }

    @Test
    void aBrokenHostStreamIsReportedAndCostsNoGuest() throws InterruptedException {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException("gone");
            }
        };
        try (BufferedOutput output = new BufferedOutput(broken, "test-output")) {
            assertThat(output.offer('a')).isTrue();
            while (output.failure() == null) {
                Thread.sleep(1);
            }
            assertThat(output.failure()).hasMessage("gone");
            for (int i = 0; i < 200_000; i++) {
                assertThat(output.offer('b')).isTrue();
            }
            assertThat(output.dropped()).isGreaterThanOrEqualTo(200_000);
        }
    }

    @Test
    void inputWaitsForTheGuestAndTheFilterTakesItsShare() throws InterruptedException {
        byte[] typed = "hello ~world, this is longer than the receiver holds".getBytes(StandardCharsets.US_ASCII);
        StringBuilder got = new StringBuilder();
        try (ManualTime time = new ManualTime()) {
            Uart16550 uart = new Uart16550("com1", InterruptLine.NONE, SerialOutput.NONE, time, time.timers());
            uart.writePort(2, 1, 1);
            try (InputFeeder feeder =
                    new InputFeeder(new ByteArrayInputStream(typed), uart, octet -> octet == '~', "test-input")) {
                while (got.length() < typed.length - 1) {
                    if ((uart.readPort(5, 1) & 1) != 0) {
                        got.append((char) uart.readPort(0, 1));
                    }
                }
                assertThat(feeder.failure()).isNull();
            }
            assertThat(got).hasToString("hello world, this is longer than the receiver holds");
        }
    }
}
