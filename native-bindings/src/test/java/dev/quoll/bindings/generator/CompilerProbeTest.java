package dev.quoll.bindings.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.RequiresLinux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A spec file that disagrees with the system headers does not get through. */
@RequiresLinux
class CompilerProbeTest {
    private static final String HEAD = """
            package p;
            header h;
            #define _GNU_SOURCE
            #include <poll.h>
            #include <unistd.h>
            #include <linux/kvm.h>
            """;

    @TempDir
    Path folder;

    private Specification parse(String declarations) throws IOException {
        return SpecificationParser.parse(Files.writeString(folder.resolve("x.spec"), HEAD + declarations));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "struct pollfd { unsigned int fd; };               | pollfd.fd is not declared unsigned int fd",
        "struct kvm_sregs { __u64 interrupt_bitmap[5]; };  | is not declared __u64 interrupt_bitmap[5]",
        "struct kvm_run { union { struct { __u32 port; } io; }; }; | kvm_run.io.port is not declared __u32 port",
        "int close(long fd);                               | close has another prototype",
        "ssize_t read(int fd, void *buffer);               | read has another prototype",
    })
    void mismatchIsAnErrorThatNamesTheDeclaration(String declaration, String message) throws Exception {
        var spec = parse(declaration);
        assertThatThrownBy(() -> LayoutConformanceTest.measure(spec))
                .isInstanceOf(IOException.class).hasMessageContaining(message);
    }

    @Test
    void unlistedFieldsOfPackedStructuresBecomePadding() throws Exception {
        var spec = SpecificationParser.parse(Files.writeString(folder.resolve("e.spec"), """
                package p;
                header h;
                #include <sys/epoll.h>
                struct epoll_event { uint32_t events; };
                """));
        var measured = LayoutConformanceTest.measure(spec);
        assertThat(measured.size("epoll_event")).isEqualTo(12);
        String text = StructWriter.write(spec, "e.spec", spec.structs().getFirst(), measured);
        assertThat(text).contains("MemoryLayout.paddingLayout(8)");
        assertThat(Carrier.LONG.layout(4, 8)).isEqualTo("ValueLayout.JAVA_LONG_UNALIGNED");
        assertThat(Carrier.INT.layout(0, 1)).as("at the start of a packed structure").isEqualTo("ValueLayout.JAVA_INT_UNALIGNED");
    }

    @Test
    void missingMacroIsAbsentRatherThanZero() throws Exception {
        var spec = parse("constants int { POLLIN NO_SUCH_MACRO_ANYWHERE }");
        var measured = LayoutConformanceTest.measure(spec);
        assertThat(measured.constant("POLLIN")).hasValue(1);
        assertThat(measured.constant("NO_SUCH_MACRO_ANYWHERE")).isEmpty();
        assertThatThrownBy(() -> HeaderWriter.write(spec, "x.spec", measured))
                .hasMessageContaining("do not define NO_SUCH_MACRO_ANYWHERE");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "struct pollfd { int fd;           | expected a type and a name",
        "struct pollfd { int fd; }         | unexpected end of file",
        "constants int { A } int f(int a;  | unexpected end of file",
        "int f(int a) = 3;                 | unexpected text",
    })
    void malformedTextIsNamed(String text, String message) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("x.spec").hasMessageContaining(message);
    }
}
