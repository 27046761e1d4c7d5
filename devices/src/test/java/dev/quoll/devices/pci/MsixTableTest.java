package dev.quoll.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MsixTableTest {
    private final List<String> sent = new ArrayList<>();
    private final PciConfigSpace config = new PciConfigSpace(new PciIdentity(0x1af4, 0x1042, 1, 0x018000, 0, 0));
    private final MsixTable msix =
            new MsixTable(config, 100, 1, (address, data) -> sent.add("%x:%x".formatted(address, data)));
    private final int capability = config.readConfig(0x34, 1);

    private void control(int value) {
        config.writeConfig(capability + 2, 2, value);
    }

    private void program(int vector, int data, int mask) {
        msix.writeMmio(vector * 16L, 8, 0xfee0_1000L);
        msix.writeMmio(vector * 16L + 8, 8, (long) mask << 32 | data);
    }

    @Test
    void capabilityDescribesTheWindow() {
        assertThat(config.readConfig(capability, 1)).isEqualTo(0x11);
        assertThat(config.readConfig(capability + 2, 2)).isEqualTo(99);
        assertThat(config.readConfig(capability + 4, 4)).isEqualTo(1);
        assertThat(config.readConfig(capability + 8, 4)).isEqualTo(0x801);
        control(0xffff);
        assertThat(config.readConfig(capability + 2, 2)).isEqualTo(0xc063);
        assertThat(msix.readMmio(99 * 16 + 12, 4)).as("masked at power-on").isEqualTo(1);
        assertThat(msix.readMmio(100 * 16, 4)).isZero();
    }

    @Test
    void masksHoldVectorsPending() {
        program(70, 0x41, 0);
        msix.signal(70);
        assertThat(sent).as("off").isEmpty();
        control(0x8000);
        msix.signal(70);
        assertThat(sent).containsExactly("fee01000:41");
        program(70, 0x42, 1);
        msix.signal(70);
        msix.signal(70);
        assertThat(sent).hasSize(1);
        assertThat(msix.readMmio(0x808, 8)).isEqualTo(1L << 6);
        assertThat(msix.readMmio(0x808, 4)).isEqualTo(1L << 6);
        msix.writeMmio(70 * 16 + 12, 4, 0xffff_fffeL);
        assertThat(sent).containsExactly("fee01000:41", "fee01000:42");
        assertThat(msix.readMmio(70 * 16 + 12, 4)).as("reserved bits read as zero").isZero();
        control(0xc000);
        msix.signal(70);
        assertThat(sent).hasSize(2);
        control(0x8000);
        assertThat(sent).hasSize(3);
        assertThat(msix.readMmio(0x808, 8)).isZero();
    }

    @Test
    void saveRestoreAndReset() {
        program(3, 0x33, 0);
        program(5, 0x35, 1);
        control(0x8000);
        msix.signal(5);
        MsixTable.State saved = msix.save();
        msix.reset();
        assertThat(msix.save()).isNotEqualTo(saved);
        msix.restore(saved);
        assertThat(msix.save()).isEqualTo(saved);
        msix.signal(3);
        assertThat(sent).containsExactly("fee01000:33");
        assertThatThrownBy(() -> new MsixTable(config, 129, 1, (address, data) -> {}))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
