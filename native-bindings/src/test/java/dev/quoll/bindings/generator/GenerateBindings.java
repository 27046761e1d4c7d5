package dev.quoll.bindings.generator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes the Java bindings from the spec files. Run from the module's folder, with a JDK and a C compiler:
 *
 * <pre>java src/test/java/dev/quoll/bindings/generator/GenerateBindings.java</pre>
 */
final class GenerateBindings {
    /** The spec files, relative to the module's folder. */
    static final List<Path> SPECIFICATIONS = List.of(Path.of("src/spec/linux.spec"), Path.of("src/spec/kvm.spec"));

    /** Where the output goes, relative to the module's folder. */
    static final Path OUTPUT = Path.of("src/main/java");

    private GenerateBindings() {}

    static void main(String[] args) throws IOException, InterruptedException {
        String compiler = CompilerProbe.compiler().orElse(null);
        if (compiler == null) {
            System.err.println("No C compiler (cc, gcc or clang) is on the path; it measures the structures.");
            System.exit(1);
        }
        for (Path file : SPECIFICATIONS) {
            var spec = SpecificationParser.parse(file);
            for (var output : render(spec, file, CompilerProbe.measure(spec, compiler)).entrySet()) {
                Files.createDirectories(output.getKey().getParent());
                Files.writeString(output.getKey(), output.getValue());
                System.out.println("wrote " + output.getKey());
            }
        }
    }

    /** The output files of one spec, by path relative to the module's folder. */
    static Map<Path, String> render(Specification spec, Path specFile, Measurements measured) {
        Map<Path, String> files = new TreeMap<>();
        Path folder = OUTPUT.resolve(spec.packageName().replace('.', '/'));
        files.put(folder.resolve(spec.header() + ".java"), HeaderWriter.write(spec, specFile.toString(), measured));
        for (var struct : spec.structs()) {
            files.put(folder.resolve(struct.name() + ".java"),
                    StructWriter.write(spec, specFile.toString(), struct, measured));
        }
        return files;
    }
}
