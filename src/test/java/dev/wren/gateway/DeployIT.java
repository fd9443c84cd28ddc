package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import dev.wren.gateway.store.s3.MotoServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The templates in {@code deploy/} are right as far as that can be seen without AWS. */
@BesideOthers
class DeployIT {

    private static final Path LAMBDA = Path.of("deploy/lambda.yaml").toAbsolutePath();
    private static final Path POOL = Path.of("deploy/standalone.yaml").toAbsolutePath();
    private static final Path GATEWAYS = Path.of("deploy/gateways.yaml").toAbsolutePath();
    private static final String CREATE_POOL = """
            import boto3, json, sys
            endpoint, template, out = sys.argv[1:]
            def client(service):
                return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1",
                                    aws_access_key_id="key", aws_secret_access_key="secret")
            ec2 = client("ec2")
            client("iam").create_role(RoleName="gateway", AssumeRolePolicyDocument="{}")
            cloud = client("cloudformation")
            cloud.create_stack(StackName="pool", TemplateBody=open(template).read(), Capabilities=["CAPABILITY_IAM"],
                Parameters=[dict(ParameterKey="GatewayRole", ParameterValue="gateway"),
                            dict(ParameterKey="ReportsQueuesArn", ParameterValue="arn:aws:sqs:us-east-1:1:wren-reports-*"),
                            dict(ParameterKey="VpcId", ParameterValue=ec2.describe_vpcs()["Vpcs"][0]["VpcId"])])
            stack = cloud.describe_stacks(StackName="pool")["Stacks"][0]
            launch = ec2.describe_launch_template_versions(LaunchTemplateName="wren-standalone")["LaunchTemplateVersions"][0]
            group = launch["LaunchTemplateData"]["SecurityGroupIds"][0]
            json.dump(dict(status=stack["StackStatus"],
                           outputs={o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]},
                           launch=launch["LaunchTemplateData"],
                           ingress=ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]),
                      open(out, "w"))
            """;
    private static final String LINT = "import sys; from cfnlint.runner import main; sys.exit(main())";
    /** moto makes of a stack what it knows (of alarms, aliases and event configurations it knows nothing). */
    private static final String CREATE = """
            import boto3, json, sys
            endpoint, template, jar, out = sys.argv[1:]
            def client(service):
                return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1",
                                    aws_access_key_id="key", aws_secret_access_key="secret")
            client("s3").create_bucket(Bucket="code")
            client("s3").put_object(Bucket="code", Key="wren-lambda.jar", Body=open(jar, "rb").read())
            cloud = client("cloudformation")
            cloud.create_stack(StackName="wren", TemplateBody=open(template).read(), Capabilities=["CAPABILITY_IAM"],
                Parameters=[dict(ParameterKey="CodeBucket", ParameterValue="code"),
                            dict(ParameterKey="CodeKey", ParameterValue="wren-lambda.jar")])
            stack = cloud.describe_stacks(StackName="wren")["Stacks"][0]
            function = client("lambda").get_function_configuration(FunctionName="wren-worker")
            queue = client("sqs").get_queue_url(QueueName="wren-reports-0")["QueueUrl"]
            json.dump(dict(status=stack["StackStatus"],
                           outputs={o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]},
                           runtime=function["Runtime"], handler=function["Handler"],
                           queue=client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]),
                      open(out, "w"))
            """;

    @Test
    void no_template_has_a_fault() throws Exception {
        PythonTool moto = MotoServer.tool();
        moto.install();
        assertThat(
                moto.run(command(moto, "-c", LINT, "-t", LAMBDA.toString(), POOL.toString(), GATEWAYS.toString()), 2))
                .as(() -> "cfn-lint: see " + moto.log()).isZero();
    }

    @Test
    void the_template_for_lambda_makes_a_stack(@TempDir Path folder) throws Exception {
        PythonTool moto = MotoServer.tool();
        moto.install();
        Path out = folder.resolve("out");
        try (MotoServer server = MotoServer.start()) {
            Process create = new ProcessBuilder(command(moto, "-c", CREATE, server.endpoint().toString(),
                    LAMBDA.toString(), System.getProperty("test.wren.lambda"), out.toString())).inheritIO().start();
            assertThat(create.waitFor()).isZero();
        }
        JsonNode made = JsonMapper.shared().readTree(Files.readString(out));
        assertThat(made.path("status").asString()).isEqualTo("CREATE_COMPLETE");
        assertThat(made.path("runtime").asString()).isEqualTo("java25");
        assertThat(made.path("handler").asString()).isEqualTo("dev.wren.worker.lambda.LambdaWorker::handleRequest");
        assertThat(made.path("outputs").path("WrenRemoteReportsQueue").asString()).isEqualTo("wren-reports");
        assertThat(made.path("outputs").path("WrenStore").asString()).startsWith("s3://");
        assertThat(made.path("queue").path("RedrivePolicy").asString()).contains("wren-reports-0-dead");
    }

    /** What the launch template says is what keeps an instance closed, paid for no longer than needed, and told of its tags. */
    @Test
    void the_template_for_a_pool_makes_a_stack(@TempDir Path folder) throws Exception {
        PythonTool moto = MotoServer.tool();
        moto.install();
        Path out = folder.resolve("out");
        try (MotoServer server = MotoServer.start()) {
            Process create = new ProcessBuilder(command(moto, "-c", CREATE_POOL, server.endpoint().toString(),
                    POOL.toString(), out.toString())).inheritIO().start();
            assertThat(create.waitFor()).isZero();
        }
        JsonNode made = JsonMapper.shared().readTree(Files.readString(out));
        assertThat(made.path("status").asString()).isEqualTo("CREATE_COMPLETE");
        assertThat(made.path("outputs").path("QueueUrl").asString()).endsWith("/wren-pool");
        assertThat(made.path("ingress")).isEmpty();
        JsonNode launch = made.path("launch");
        assertThat(launch.path("InstanceInitiatedShutdownBehavior").asString()).isEqualTo("terminate");
        assertThat(launch.path("MetadataOptions").path("HttpTokens").asString()).isEqualTo("required");
        assertThat(launch.path("MetadataOptions").path("HttpPutResponseHopLimit").asInt()).isEqualTo(1);
        assertThat(launch.path("MetadataOptions").path("InstanceMetadataTags").asString()).isEqualTo("enabled");
        assertThat(launch.path("BlockDeviceMappings").get(0).path("Ebs").path("Encrypted").asBoolean()).isTrue();
        assertThat(new String(Base64.getDecoder().decode(launch.path("UserData").asString()),
                StandardCharsets.UTF_8)).startsWith("#!/bin/bash\n").contains("systemctl enable --now wren-worker");
    }

    @Test
    void the_role_of_an_instance_may_take_work_and_report_and_nothing_else() throws Exception {
        String template = Files.readString(POOL);
        String role = template.substring(template.indexOf("\n  InstanceRole:"),
                template.indexOf("\n  InstanceProfile:"));
        assertThat(Pattern.compile("\"(\\w+:\\w+)\"").matcher(role).results().map(action -> action.group(1)))
                .containsExactlyInAnyOrder("sts:AssumeRole", "sqs:ReceiveMessage", "sqs:DeleteMessage",
                        "sqs:ChangeMessageVisibility", "sqs:ListQueueTags", "sqs:SendMessage");
        assertThat(role).doesNotContain("*").doesNotContain("ManagedPolicyArns");
    }

    /** What user code has in its hands: moto keeps no policies of a role, so the template itself is looked at. */
    @Test
    void the_role_of_the_worker_may_report_and_nothing_else() throws Exception {
        String template = Files.readString(LAMBDA);
        String role = template.substring(template.indexOf("\n  WorkerRole:"), template.indexOf("\n  Worker:"));
        assertThat(Pattern.compile("\"(\\w+:\\w+)\"").matcher(role).results().map(action -> action.group(1)))
                .containsExactlyInAnyOrder("sts:AssumeRole", "sqs:SendMessage", "logs:CreateLogStream",
                        "logs:PutLogEvents");
        assertThat(role).doesNotContain("ManagedPolicyArns");
        assertThat(Pattern.compile("Resource: (.*)").matcher(role).results().map(resource -> resource.group(1)))
                .containsExactlyInAnyOrder("!Sub \"arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:"
                        + "${ReportsQueueName}-*\"", "!GetAtt WorkerLogs.Arn");
    }

    private static List<String> command(PythonTool tool, String... arguments) {
        return Stream.concat(tool.python().stream(), Stream.of(arguments)).toList();
    }
}
