using k8s;
using k8s.Models;

namespace CodexOrleans.Deploy.Tests;

public sealed class KubernetesSpecs
{
    private static readonly Dictionary<string, Type> _types = new()
    {
        ["v1/ConfigMap"] = typeof(V1ConfigMap),
        ["v1/Secret"] = typeof(V1Secret),
        ["v1/Service"] = typeof(V1Service),
        ["v1/ServiceAccount"] = typeof(V1ServiceAccount),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet),
        ["batch/v1/Job"] = typeof(V1Job),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
    };

    private static readonly List<IKubernetesObject> _objects =
        [.. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "kustomization.yaml").Order().SelectMany(Load)];

    private static string Folder => Path.Combine(DeployFiles.Root, "kubernetes");

    private static V1StatefulSet Nodes => _objects.OfType<V1StatefulSet>().Single();

    private static V1PodSpec Pod => Nodes.Spec.Template.Spec;

    private static V1Container Server => Pod.Containers.Single();

    private static V1ConfigMap Settings => _objects.OfType<V1ConfigMap>().Single();

    [Fact]
    public void Every_object_has_only_fields_that_its_kind_has() => Assert.Equal(9, _objects.Count);

    [Fact]
    public void A_field_that_a_kind_does_not_have_is_found() =>
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {port: []}", _types, strict: true));

    [Fact]
    public void The_kustomization_names_every_file_but_the_example_and_the_job()
    {
        var listed = File.ReadAllLines(Path.Combine(Folder, "kustomization.yaml")).Where(line => line.StartsWith("  - ", StringComparison.Ordinal) && line.EndsWith(".yaml", StringComparison.Ordinal)).Select(line => line[4..]);

        Assert.Equal(Directory.EnumerateFiles(Folder, "*.yaml").Select(file => Path.GetFileName(file)).Except(["kustomization.yaml", "secret.example.yaml"]).Order(), listed.Order());
    }

    [Fact]
    public void The_job_migrates_with_the_image_that_the_nodes_run()
    {
        string Value(string key) => File.ReadAllLines(Path.Combine(Folder, "kustomization.yaml")).Select(line => line.Trim()).Single(line => line.StartsWith($"{key}: ", StringComparison.Ordinal))[(key.Length + 2)..];

        Assert.Equal($"{Value("newName")}:{Value("newTag")}", _objects.OfType<V1Job>().Single().Spec.Template.Spec.Containers.Single().Image);
    }

    [Fact]
    public void Services_budget_and_policy_choose_the_pods()
    {
        var labels = Nodes.Spec.Template.Metadata.Labels;

        Assert.All(_objects.OfType<V1Service>().Select(service => service.Spec.Selector)
            .Append(Nodes.Spec.Selector.MatchLabels)
            .Append(_objects.OfType<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels)
            .Append(_objects.OfType<V1NetworkPolicy>().Single().Spec.PodSelector.MatchLabels),
            selector => Assert.All(selector, label => Assert.Equal(label.Value, labels[label.Key])));
        Assert.Contains(_objects.OfType<V1Service>(), service => service.Metadata.Name == Nodes.Spec.ServiceName && service.Spec.ClusterIP == "None");
    }

    [Fact]
    public void Ports_are_named_as_the_container_names_them()
    {
        var ports = Server.Ports.Select(port => port.Name).ToList();

        Assert.All(_objects.OfType<V1Service>().SelectMany(service => service.Spec.Ports), port => Assert.Contains(port.TargetPort.Value, ports));
        Assert.All(_objects.OfType<V1NetworkPolicy>().SelectMany(policy => policy.Spec.Ingress).SelectMany(rule => rule.Ports), port => Assert.Contains(port.Port.Value, ports));
        Assert.All(new[] { Server.StartupProbe, Server.LivenessProbe, Server.ReadinessProbe }, probe => Assert.Contains(probe.HttpGet.Port.Value, ports));
    }

    [Fact]
    public void The_silos_port_is_open_to_the_nodes_alone() => Assert.All(
        _objects.OfType<V1NetworkPolicy>().Single().Spec.Ingress.Where(rule => rule.Ports.Any(port => port.Port.Value != "http")),
        rule => Assert.Equal(Nodes.Spec.Template.Metadata.Labels, Assert.Single(rule.FromProperty).PodSelector.MatchLabels));

    [Fact]
    public void Probes_name_a_host_that_the_server_knows_and_ask_the_right_question()
    {
        Assert.Equal("/health/live", Server.LivenessProbe.HttpGet.Path);
        Assert.Equal("/health/ready", Server.ReadinessProbe.HttpGet.Path);
        Assert.All(new[] { Server.StartupProbe, Server.LivenessProbe, Server.ReadinessProbe }, probe =>
            Assert.Contains(probe.HttpGet.HttpHeaders, header => header is { Name: "Host", Value: "localhost" }));
    }

    [Fact]
    public void A_stop_leaves_the_server_the_time_that_its_drain_takes()
    {
        var pause = TimeSpan.FromSeconds(int.Parse(Server.Lifecycle.PreStop.Exec.Command[1]));
        var drain = TimeSpan.Parse(Settings.Data["Codex__DrainTimeout"]);

        Assert.True(Pod.TerminationGracePeriodSeconds > (pause + drain + DeployFiles.BesideTheDrain).TotalSeconds);
    }

    [Fact]
    public void Configuration_and_secrets_are_where_the_pods_look_for_them()
    {
        var secret = _objects.OfType<V1Secret>().Single();
        foreach (var container in new[] { Server, _objects.OfType<V1Job>().Single().Spec.Template.Spec.Containers.Single() })
        {
            Assert.Contains(container.EnvFrom, from => from.ConfigMapRef?.Name == Settings.Metadata.Name);
            Assert.Contains(container.EnvFrom, from => from.SecretRef?.Name == secret.Metadata.Name);
        }

        Assert.Contains(Server.Env, variable => variable.Name == "Cluster__Address" && variable.ValueFrom.FieldRef.FieldPath == "status.podIP");
        Assert.Equal(_objects.OfType<V1ServiceAccount>().Single().Metadata.Name, Pod.ServiceAccountName);
    }

    [Fact]
    public void What_a_node_keeps_is_on_a_volume_of_its_own()
    {
        var mounts = Server.VolumeMounts.ToDictionary(mount => mount.MountPath, mount => mount.Name);
        Assert.Equal(Nodes.Spec.VolumeClaimTemplates.Single().Metadata.Name, mounts["/var/lib/codex-orleans"]);
        Assert.Equal(mounts.Values.Order(), Pod.Volumes.Select(volume => volume.Name).Append(mounts["/var/lib/codex-orleans"]).Order());
    }

    private static IEnumerable<IKubernetesObject> Load(string file) =>
        KubernetesYaml.LoadAllFromString(File.ReadAllText(file), _types, strict: true).Cast<IKubernetesObject>();
}
