package dev.quoll.cli.demo;

import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.devices.serial.Uart16550;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A console for tests: keeps what the guest writes, waits for a text, types. */
public final class CapturedConsole implements SerialOutput {
    private final StringBuilder text = new StringBuilder();

    @Override
    public synchronized boolean offer(int octet) {
        text.append((char) octet);
        notifyAll();
        return true;
    }

    @Override
    public void whenReady(Runnable callback) {
        // never refuses
    }

    /** Everything so far. */
    public synchronized String text() {
        return text.toString();
    }

    /** Waits until the guest has written something; fails with all that it wrote instead. */
    public synchronized void await(String wanted, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (text.indexOf(wanted) < 0) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("the guest did not write '" + wanted + "' but:\n" + text);
            }
            wait(left);
        }
    }

    /** Types on a port, as fast as the guest reads. */
    public static void type(Uart16550 port, String keys) throws InterruptedException {
        byte[] bytes = keys.getBytes(StandardCharsets.US_ASCII);
        for (int done = 0; done < bytes.length; ) {
            int taken = port.feed(bytes, done, bytes.length - done);
            done += taken;
            if (taken == 0) {
                Thread.sleep(5);
            }
        }
    }
}
