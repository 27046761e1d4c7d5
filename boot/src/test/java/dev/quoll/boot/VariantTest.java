package dev.quoll.boot;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VariantTest {
    @ParameterizedTest
    @ValueSource(strings = {"acpi=off", "quiet noapic", "nosmp  debug", "a\tnolapic"})
    void wordsThatTakeInterruptControllersAwayNeedTheLegacyBoard(String words) {
        assertThat(Variant.needsLegacy(words)).isPresent();
    }

    @Test
    void partsOfWordsAndOrdinaryWordsDoNot() {
        assertThat(Variant.needsLegacy("quiet nokaslr nosmpx xacpi=off maxcpus=01")).isEmpty();
        assertThat(Variant.needsLegacy("")).isEmpty();
    }
}
