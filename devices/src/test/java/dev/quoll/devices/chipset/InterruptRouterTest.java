package dev.quoll.devices.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import org.junit.jupiter.api.Test;

/** PCI interrupts on their way to the 8259. */
class InterruptRouterTest {
    private final RecordingLine ten = new RecordingLine();
    private final RecordingLine eleven = new RecordingLine();
    private final InterruptRouter router = new InterruptRouter(irq -> irq == 10 ? ten : irq == 11 ? eleven : null);

    @Test
    void wiresLeadWhereTheyAreRoutedAndShareInputs() {
        router.wire(0).setLevel(true);
        assertThat(ten.high()).isFalse();
        router.route(0, 10);
        assertThat(ten.high()).as("a level that was there before").isTrue();
        router.route(1, 10);
        router.wire(1).setLevel(true);
        router.wire(0).setLevel(false);
        assertThat(ten.high()).as("the other wire").isTrue();
        router.route(1, 11);
        assertThat(ten.high()).isFalse();
        assertThat(eleven.high()).isTrue();
        router.route(1, -1);
        assertThat(eleven.high()).isFalse();
    }

    @Test
    void whatIsNotFreeIsLeftAlone() {
        router.route(2, 4);
        router.wire(2).setLevel(true);
        assertThat(ten.edges() + eleven.edges()).isZero();
    }
}
