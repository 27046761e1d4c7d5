package dev.quoll.bindings.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.bindings.RequiresLinux;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The committed sources are what the generator writes from the committed spec files, no more and no less. */
@RequiresLinux
class GeneratedSourcesTest {

    @ParameterizedTest
    @MethodSource("dev.quoll.bindings.generator.LayoutConformanceTest#specifications")
    void committedSourcesAreTheGeneratorsOutput(Path file) throws Exception {
        var spec = SpecificationParser.parse(file);
        var measured = LayoutConformanceTest.measure(spec);
        assumeTrue(spec.constants().stream().allMatch(constant -> measured.constant(constant.name()).isPresent()),
                "skipped: this machine's headers are too old to generate from " + file);

        Map<Path, String> generated = GenerateBindings.render(spec, file, measured);
        Map<Path, String> committed = new TreeMap<>();
        var folder = GenerateBindings.OUTPUT.resolve(spec.packageName().replace('.', '/'));
        try (var files = Files.list(folder)) {
            for (Path path : files.toList()) {
                committed.put(path, Files.readString(path));
            }
        }
        assertThat(committed.keySet()).isEqualTo(generated.keySet());
        generated.forEach((path, text) -> assertThat(committed.get(path)).as(path.toString()).isEqualTo(text));
    }
}
