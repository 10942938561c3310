using CodexOrleans.Silo;
using CodexOrleans.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddSingleton(_ => DataDirectory.Open(builder.Configuration["DataDirectory"] ?? DataDirectory.DefaultPath, builder.Configuration["Workspaces:Folder"]));
builder.AddTelemetry();
builder.UseCodexSilo();
builder.AddDashboard();
builder.Build().Run();
