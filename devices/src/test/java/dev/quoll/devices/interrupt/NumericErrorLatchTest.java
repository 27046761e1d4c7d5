package dev.quoll.devices.interrupt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import org.junit.jupiter.api.Test;

/** FERR#, interrupt 13, port 0xF0 and IGNNE# in the order in which a handler meets them. */
class NumericErrorLatchTest {
    private final RecordingLine interrupt = new RecordingLine();
    private final RecordingLine ignore = new RecordingLine();
    private final NumericErrorLatch latch = new NumericErrorLatch(interrupt, ignore);

    @Test
    void writeTakesTheInterruptBackAndLetsTheHandlerUseTheX87() {
        latch.ferr().setLevel(true);
        assertThat(interrupt.high()).isTrue();
        assertThat(ignore.high()).isFalse();
        latch.writePort(0, 1, 0);
        assertThat(interrupt.high()).isFalse();
        assertThat(ignore.high()).isTrue();
        // Signalled again by the waiting instructions of the handler: no second interrupt.
        latch.ferr().setLevel(true);
        assertThat(interrupt.edges()).isEqualTo(1);
        latch.ferr().setLevel(false);
        assertThat(ignore.high()).isFalse();
        latch.ferr().setLevel(true);
        assertThat(interrupt.edges()).isEqualTo(2);
    }

    @Test
    void interruptStaysUntilTheWriteThoughTheErrorIsGone() {
        latch.ferr().setLevel(true);
        latch.ferr().setLevel(false);
        assertThat(interrupt.high()).isTrue();
        latch.writePort(0, 1, 0);
        assertThat(interrupt.high()).isFalse();
        assertThat(ignore.high()).isFalse();
    }

    @Test
    void otherPortDoesNothing() {
        latch.ferr().setLevel(true);
        latch.writePort(1, 1, 0);
        assertThat(interrupt.high()).isTrue();
        assertThat(ignore.high()).isFalse();
    }
}
