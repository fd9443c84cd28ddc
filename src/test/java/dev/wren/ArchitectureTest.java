package dev.wren;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The layout holds; and each rule that keeps it is broken by a fixture of its own, so that none passes on anything. */
class ArchitectureTest {

    private static final String FIXTURE = "archfixture";

    private static Map<String, ArchRule> rules(String root) {
        Map<String, ArchRule> rules = new LinkedHashMap<>();
        rules.put("protocol uses the JDK alone", classes()
                .that().resideInAnyPackage(root + ".protocol", root + ".protocol.jvm", root + ".protocol.jar")
                .should().onlyDependOnClassesThat(
                        resideInAnyPackage(root + ".protocol", root + ".protocol.jvm", root + ".protocol.jar", "java..",
                                "org.jspecify.annotations..")));
        rules.put("the protocol with far workers uses the JDK and a parser alone", classes()
                .that().resideInAPackage(root + ".protocol.remote..")
                .should().onlyDependOnClassesThat(resideInAnyPackage(root + ".protocol..", "java..",
                        "tools.jackson.core..", "org.jspecify.annotations..")));
        rules.put("workers do not name the gateway", noClasses().that().resideInAPackage(root + ".worker..")
                .should().dependOnClassesThat().resideInAPackage(root + ".gateway.."));
        rules.put("the gateway does not name workers", noClasses().that().resideInAPackage(root + ".gateway..")
                .should().dependOnClassesThat().resideInAPackage(root + ".worker.."));
        rules.put("workers have no Spring", noClasses().that().resideInAPackage(root + ".worker..")
                .should().dependOnClassesThat().resideInAPackage("org.springframework.."));
        rules.put("the client uses the JDK and Jackson alone", classes()
                .that().resideInAPackage(root + ".client")
                .should().onlyDependOnClassesThat(resideInAnyPackage(root + ".client", root + ".client.generated..",
                        "java..", "tools.jackson..", "org.jspecify.annotations..")));
        rules.put("only the command line parses commands", noClasses().that().resideInAPackage(root + ".client")
                .should().dependOnClassesThat().resideInAnyPackage("picocli..", root + ".client.cli.."));
        rules.put("nobody names the client", noClasses()
                .that().resideInAnyPackage(root + ".gateway..", root + ".worker..", root + ".protocol..")
                .should().dependOnClassesThat().resideInAPackage(root + ".client.."));
        rules.put("no cycles", slices().matching(root + ".gateway.(*)..").should().beFreeOfCycles());
        rules.put("no cycles within a feature", slices().matching(root + ".gateway.(**)").should().beFreeOfCycles());
        rules.put("records know no callset", noClasses()
                .that().resideInAnyPackage(root + ".gateway.json..", root + ".gateway.record..")
                .should().dependOnClassesThat().resideInAnyPackage(root + ".gateway.callset..",
                        root + ".gateway.view..", root + ".gateway.submission..", root + ".gateway.retention..",
                        root + ".gateway.executor..", root + ".gateway.dispatch.."));
        rules.put("callsets know no executor", noClasses().that().resideInAPackage(root + ".gateway.callset..")
                .should().dependOnClassesThat().resideInAnyPackage(root + ".gateway.executor..",
                        root + ".gateway.dispatch..", root + ".gateway.view..", root + ".gateway.submission..",
                        root + ".gateway.retention.."));
        rules.put("views know no submission", noClasses().that().resideInAPackage(root + ".gateway.view..")
                .should().dependOnClassesThat().resideInAnyPackage(root + ".gateway.submission..",
                        root + ".gateway.retention..", root + ".gateway.executor..", root + ".gateway.dispatch.."));
        for (String kind : List.of("local", "lambda", "standalone")) {
            rules.put("nobody outside names the " + kind + " executor",
                    noClasses().that(not(resideInAPackage(root + ".gateway.executor." + kind + "..")))
                            .should().dependOnClassesThat()
                            .resideInAPackage(root + ".gateway.executor." + kind + ".."));
        }
        rules.put("only executors name what is far away",
                noClasses().that(not(resideInAPackage(root + ".gateway.executor..")))
                        .should().dependOnClassesThat().resideInAPackage(root + ".gateway.executor.remote.."));
        rules.put("nobody outside names a store of one kind",
                noClasses().that(not(resideInAnyPackage(root + ".gateway.store.file..", root + ".gateway.store.s3..")))
                        .should().dependOnClassesThat()
                        .resideInAnyPackage(root + ".gateway.store.file..", root + ".gateway.store.s3.."));
        rules.put("the AWS SDK stays where AWS is spoken to", noClasses().that().resideInAPackage(root + "..")
                .and(not(resideInAnyPackage(root + ".gateway.store.s3..", root + ".gateway.executor.remote..",
                        root + ".gateway.executor.lambda..", root + ".gateway.executor.standalone..",
                        root + ".worker.remote..", root + ".worker.standalone..")))
                .should().dependOnClassesThat().resideInAnyPackage("software.amazon.awssdk..", "io.awspring.."));
        rules.put("Spring's web parts stay in web, security and controllers",
                noClasses().that().resideInAPackage(root + ".gateway..")
                        .and(not(resideInAnyPackage(root + ".gateway.web..", root + ".gateway.security..")))
                        .and().haveSimpleNameNotEndingWith("Controller")
                        .should().dependOnClassesThat().resideInAPackage("org.springframework.web.."));
        rules.put("time comes from a clock", noClasses().that().resideInAPackage(root + "..")
                .and(not(resideInAPackage(root + ".client.generated..")))
                .should().callMethod(Instant.class, "now")
                .orShould().callMethod(System.class, "currentTimeMillis"));
        rules.put("waits are measured by a ticker", noClasses().that().resideInAPackage(root + "..")
                .and(not(resideInAPackage(root + ".client.generated..")))
                .should().callMethod(System.class, "nanoTime"));
        rules.put("nobody sleeps", noClasses().that().resideInAPackage(root + "..")
                .and(not(resideInAPackage(root + ".client.generated..")))
                .should().callMethod(TimeUnit.class, "sleep", long.class)
                .orShould().callMethod(Thread.class, "sleep", Duration.class)
                .orShould().callMethod(Thread.class, "sleep", long.class));
        rules.put("executors speak no HTTP", noClasses().that().resideInAPackage(root + ".gateway.executor.*..")
                .should().dependOnClassesThat().resideInAPackage(root + ".gateway.web.."));
        return rules;
    }

    @TestFactory
    Stream<DynamicTest> the_project_keeps_every_rule() {
        JavaClasses project = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.wren.protocol", "dev.wren.worker", "dev.wren.gateway", "dev.wren.client");
        return rules("dev.wren").entrySet().stream()
                .map(rule -> DynamicTest.dynamicTest(rule.getKey(), () -> rule.getValue().check(project)));
    }

    @TestFactory
    Stream<DynamicTest> the_fixture_breaks_every_rule() {
        JavaClasses fixture = new ClassFileImporter().importPackages(FIXTURE);
        return rules(FIXTURE).entrySet().stream().map(rule -> DynamicTest.dynamicTest(rule.getKey(),
                () -> assertThat(rule.getValue().evaluate(fixture).hasViolation()).isTrue()));
    }
}
