"""The small hardened top-level files of an Asterisk that serves Perezvon and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from dialplan.filters import RenderError

INCLUDED = (
    "cel.conf",
    "cel_custom.conf",
    "extensions.conf",
    "features.conf",
    "http.conf",
    "logger.conf",
    "manager.conf",
    "musiconhold.conf",
    "pjsip.conf",
    "queues.conf",
    "rtp.conf",
)
"""Files of ours that the top-level file of the same name includes."""

DIRECTORIES = (
    "astetcdir",
    "astmoddir",
    "astvarlibdir",
    "astdbdir",
    "astkeydir",
    "astdatadir",
    "astagidir",
    "astspooldir",
    "astrundir",
    "astlogdir",
    "astsbindir",
)

# With autoload=no a module that is not named here does not exist for a caller: no System(),
# no Originate(), no call files, no ARI, no second SIP stack.
_MODULES = """
res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_security_log
res_musiconhold res_rtp_asterisk res_manager_devicestate res_pjproject res_pjsip res_pjsip_session
res_pjsip_pubsub res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_registrar
res_pjsip_outbound_registration res_pjsip_sdp_rtp res_pjsip_nat res_pjsip_caller_id
res_pjsip_header_funcs res_pjsip_rfc3326 res_pjsip_dtmf_info res_pjsip_refer res_pjsip_acl
res_pjsip_dlg_options res_pjsip_logger chan_pjsip bridge_simple bridge_native_rtp bridge_holding
bridge_softmix bridge_builtin_features codec_alaw codec_ulaw codec_a_mu codec_g722 codec_resample
codec_gsm format_wav format_pcm format_gsm format_sln pbx_config app_chanspy app_dial app_playback
app_playtones app_queue app_read app_record app_stack app_userevent app_verbose app_senddtmf
app_exec res_audiosocket app_audiosocket chan_audiosocket app_amd app_waitforsilence
func_callerid func_channel func_cut
func_dialplan func_global func_groupcount func_hangupcause func_logic func_math func_pjsip_aor
func_pjsip_contact func_pjsip_endpoint func_strings func_timeout res_cdrel_custom cel_custom
res_speech res_agi
"""

# Without tones Asterisk cannot make the ringback that an agent hears in a preview call.
_TONES = """[general]
country = ru

[ru]
description = Russia
ringcadence = 1000,4000
dial = 425
busy = 425/350,0/350
ring = 425/1000,0/4000
congestion = 425/175,0/175
"""


def render_base(
    directories: Mapping[str, str | Path],
    *,
    system_name: str,
    max_calls: int = 500,
    run_user: str | None = None,
    extra_modules: Iterable[str] = (),
) -> dict[str, str]:
    """File name to text: `asterisk.conf`, `modules.conf`, `logger.conf` and the files that include ours.

    `directories` names all of `DIRECTORIES`, absolute. `#tryinclude` lets Asterisk start before the first
    apply. Raises `RenderError`.
    """
    files = {name: _include(name) for name in INCLUDED}
    files["asterisk.conf"] = _asterisk(directories, system_name, max_calls, run_user)
    files["modules.conf"] = _modules(extra_modules)
    files["logger.conf"] = (
        "[general]\ndateformat = %F %T.%3q\n\n[logfiles]\nfull = notice,warning,error\n\n"
        + files["logger.conf"]
    )
    files["cdr.conf"] = "[general]\nenable = no\n"  # the journal is CEL's
    for unused in ("acl.conf", "amd.conf", "ccss.conf", "pjproject.conf", "queuerules.conf", "udptl.conf"):
        files[unused] = "; nothing here: Asterisk only wants the file to be there\n"
    files["indications.conf"] = _TONES
    return dict(sorted(files.items()))


def _include(name: str) -> str:
    return f"#tryinclude perezvon.d/current/{name}\n"


def _asterisk(
    directories: Mapping[str, str | Path], system_name: str, max_calls: int, run_user: str | None
) -> str:
    if set(directories) != set(DIRECTORIES):
        raise RenderError(f"directories must name exactly {', '.join(DIRECTORIES)}")
    lines = ["[directories]"]
    for key in DIRECTORIES:
        path = str(directories[key])
        if not path.startswith("/") or any(char in path for char in ";\r\n"):
            raise RenderError(f"{key}: {path!r} is no absolute path without ; and line ends")
        lines.append(f"{key} => {path}")
    lines += [
        "",
        "[options]",
        f"systemname = {system_name}",
        f"maxcalls = {max_calls}",
        "live_dangerously = no",
        "execincludes = no",
        "disable_remote_console_shell = yes",
        "hideconnect = yes",
        "",
        "[files]",
        "astctlpermissions = 0660",
    ]
    if run_user is not None:
        lines[lines.index("hideconnect = yes")] += f"\nrunuser = {run_user}\nrungroup = {run_user}"
    return "\n".join(lines) + "\n"


def _modules(extra: Iterable[str]) -> str:
    ours = _MODULES.split()
    names = [*ours, *sorted(set(extra) - set(ours))]
    return "[modules]\nautoload = no\n" + "".join(f"load = {name}.so\n" for name in names)
