package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the build makes of the client. */
class ClientJarIT {

    /** Of class files of Java 21. JVMS table 4.1-A. */
    private static final int JAVA_21 = 65;

    @Test
    void the_client_is_for_java_21_and_alone() throws IOException {
        try (JarFile jar = new JarFile(UserProgram.CLIENT.toFile())) {
            List<JarEntry> classes = Collections.list(jar.entries()).stream()
                    .filter(entry -> entry.getName().endsWith(".class")).toList();
            assertThat(classes).hasSizeGreaterThan(50).extracting(JarEntry::getName)
                    .allSatisfy(name -> assertThat(name).startsWith("dev/wren/client/"))
                    .noneSatisfy(name -> assertThat(name).contains("/cli/"));
            for (JarEntry entry : classes) {
                try (DataInputStream in = new DataInputStream(jar.getInputStream(entry))) {
                    assertThat(in.readInt()).isEqualTo(0xcafebabe);
                    assertThat(in.readInt()).as(entry.getName()).isEqualTo(JAVA_21);
                }
            }
            assertThat(jar.getManifest().getMainAttributes().getValue("Wren-Client")).isNotEmpty();
        }
    }

    @Test
    void programs_of_others_find_it_with_jackson_as_its_one_dependency() throws IOException {
        Path repository = UserProgram.CLIENT.resolveSibling("repository/dev/wren/wren-client");
        try (Stream<Path> files = Files.walk(repository)) {
            Path pom = files.filter(file -> file.toString().endsWith(".pom")).findFirst().orElseThrow();
            String text = Files.readString(pom);
            assertThat(text).containsOnlyOnce("<dependency>").contains("<artifactId>jackson-databind</artifactId>")
                    .doesNotContain("@", "${");
            assertThat(Files.exists(Path.of(pom.toString().replace(".pom", ".jar")))).isTrue();
        }
    }

    @Test
    void the_command_line_has_all_inside() throws IOException {
        try (JarFile jar = new JarFile(UserProgram.CLIENT.toString().replace(".jar", "-all.jar"))) {
            for (String name : List.of("dev/wren/client/cli/Wren.class", "picocli/CommandLine.class",
                    "tools/jackson/databind/ObjectMapper.class", "dev/wren/client/WrenExecutor.class")) {
                assertThat(jar.getEntry(name)).as(name).isNotNull();
            }
            assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
                    .isEqualTo("dev.wren.client.cli.Wren");
        }
    }
}
