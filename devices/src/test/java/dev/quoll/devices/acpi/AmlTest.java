package dev.quoll.devices.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Encodings given in the specification's own terms. */
class AmlTest {
    private static String hex(AmlTerm term) {
        return HexFormat.of().formatHex(term.bytes());
    }

    @Test
    void integersAreAsShortAsPossible() {
        assertThat(hex(Aml.integer(0))).isEqualTo("00");
        assertThat(hex(Aml.integer(1))).isEqualTo("01");
        assertThat(hex(Aml.integer(0xff))).isEqualTo("0aff");
        assertThat(hex(Aml.integer(0x100))).isEqualTo("0b0001");
        assertThat(hex(Aml.integer(0x1_0000))).isEqualTo("0c00000100");
        assertThat(hex(Aml.integer(-1))).isEqualTo("0effffffffffffffff");
    }

    @Test
    void names() {
        assertThat(hex(Aml.path("\\_SB_"))).isEqualTo("5c5f53425f");
        assertThat(hex(Aml.path("^A"))).isEqualTo("5e415f5f5f");
        assertThat(hex(Aml.path("_SB.PCI0"))).isEqualTo("2e5f53425f50434930");
        assertThat(hex(Aml.path("A.B.C"))).isEqualTo("2f03415f5f5f425f5f5f435f5f5f");
        assertThat(hex(Aml.path("\\"))).isEqualTo("5c00");
        assertThatThrownBy(() -> Aml.path("lower")).hasMessageContaining("not an ACPI name");
        assertThatThrownBy(() -> Aml.path("TOOLONG")).hasMessageContaining("not an ACPI name");
    }

    @Test
    void eisaIdAndUuid() {
        assertThat(hex(Aml.eisaId("PNP0A08"))).isEqualTo("0c41d00a08");
        assertThat(hex(Aml.uuid("33DB4D5B-1FF7-401C-9657-7441C03DD766")))
                .endsWith("5b4ddb33f71f1c4096577441c03dd766");
        assertThatThrownBy(() -> Aml.eisaId("pnp0a08")).isInstanceOf(IllegalArgumentException.class);
    }

    /** The length counts its own bytes and switches form exactly where the shorter one cannot hold it. */
    @ParameterizedTest
    @CsvSource({"10, 1", "59, 1", "60, 2", "4000, 2", "4090, 2", "4091, 3", "70000, 3", "1048569, 3", "1048570, 4"})
    void packageLengths(int nameAndBody, int lengthBytes) {
        // Scope: opcode, length, a 4-byte name, then the body
        byte[] scope = Aml.scope("AAAA", new AmlTerm(new byte[nameAndBody - 1])).bytes();
        int body = nameAndBody - 1 + 4;
        assertThat(scope.length).isEqualTo(1 + lengthBytes + body);
        int length = scope[1] & 0xff;
        if (lengthBytes > 1) {
            assertThat(length >>> 6).isEqualTo(lengthBytes - 1);
            length &= 0xf;
            for (int i = 1; i < lengthBytes; i++) {
                length |= (scope[1 + i] & 0xff) << 8 * i - 4;
            }
        }
        assertThat(length).isEqualTo(lengthBytes + body);
    }

    @Test
    void resourceTemplate() {
        assertThat(hex(Aml.resources(AmlResource.ports(0x3f8, 8), AmlResource.isaInterrupt(4))))
                .isEqualTo("11100a0d" + "4701f803f8030008" + "221000" + "7900");
    }
}
