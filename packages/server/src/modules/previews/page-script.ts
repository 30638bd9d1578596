/**
 * The script at the beginning of a previewed page: it sends console messages, errors and addresses to the editor's page, and reloads when
 * that page says so. It talks only with a parent whose origin may frame the preview. The page's own scripts can do anything that it can do,
 * so the receiver trusts none of its messages.
 */
import { createHash } from "node:crypto";
import { MAX_PREVIEW_MESSAGE_CHARACTERS, PREVIEW_MARK } from "@atelier/contracts";

const MOST_WAITING = 200;
const MOST_A_SECOND = 100;

const SOURCE = String.raw`(function(origins,base,mark,most){
"use strict";
var own=document.currentScript;if(own)own.remove();
var up=window.parent;if(up===window)return;
var post=up.postMessage.bind(up),target,waiting=[],dropped=0,left=${MOST_A_SECOND},string=String,json=JSON.stringify;
function put(message){message.mark=mark;if(target)post(message,target);else if(waiting.length<${MOST_WAITING})waiting.push(message);else dropped++}
function here(){var at=location.href;return (at.indexOf(base)===0?at.slice(base.length):at).slice(0,2048)}
function text(value,depth){
try{
if(typeof value==="string")return depth?json(value):value;
if(typeof value==="function")return "\u0192 "+(value.name||"");
if(value===null||typeof value!=="object")return typeof value==="bigint"?value+"n":string(value);
if(value instanceof Error)return (value.stack&&value.stack.indexOf(value.message)>=0?value.stack:value.name+": "+value.message).split(base).join("");
if(value instanceof Element)return "<"+value.tagName.toLowerCase()+(value.id?"#"+value.id:"")+">";
if(depth>3)return "\u2026";
if(Array.isArray(value))return "["+value.slice(0,100).map(function(v){return text(v,depth+1)}).join(", ")+(value.length>100?", \u2026":"")+"]";
var name=value.constructor&&value.constructor.name;
var entries=value instanceof Map||value instanceof Set?Array.from(value).slice(0,100).map(function(v){return text(v,depth+1)}):
Object.keys(value).slice(0,100).map(function(key){return key+": "+text(value[key],depth+1)});
return (name&&name!=="Object"?name+" ":"")+"{"+entries.join(", ")+"}";
}catch(error){return "[\u2026]"}}
function words(values){
var parts=values.map(function(v){return text(v,0)});
if(typeof values[0]==="string"&&/%[sdifoOc]/.test(values[0])){
var next=1;parts[0]=parts[0].replace(/%[sdifoOc%]/g,function(all){if(all==="%%")return "%";if(next>=values.length)return all;var part=parts[next++];return all==="%c"?"":part});
parts=[parts[0]].concat(parts.slice(next))}
return parts.join(" ").slice(0,most)}
function place(message,file,line,column){
if(file&&file.indexOf(base)===0){message.path=decode(file.slice(base.length).replace(/[?#].*/,""));if(line>0)message.line=line;if(column>0)message.column=column}
return message}
function decode(path){try{return decodeURIComponent(path).slice(0,2048)}catch(error){return path.slice(0,2048)}}
function say(level,words,file,line,column){
if(left--<1){if(left===-1)setTimeout(function(){put({kind:"dropped",count:-left});left=${MOST_A_SECOND}},1000);return}
put(place({kind:"log",level:level,text:words},file,line,column))}
setInterval(function(){if(left>0)left=${MOST_A_SECOND}},1000);
["log","info","warn","error","debug"].forEach(function(level){
var real=console[level].bind(console);
console[level]=function(){
real.apply(null,arguments);
var frames=(new Error().stack||"").match(/https?:\/\/[^\s)]+:\d+:\d+/g)||[];
var at=/^(.*):(\d+):(\d+)$/.exec(frames[1]||"")||[];
say(level,words(Array.from(arguments)),at[1],+at[2],+at[3])}});
addEventListener("error",function(event){
if(event.target&&event.target!==window){var url=event.target.src||event.target.href;if(url)say("error","Not loaded: "+string(url).replace(base,"").slice(0,1000));return}
say("error",event.error?words([event.error]):string(event.message).slice(0,most),event.filename,event.lineno,event.colno)},true);
addEventListener("unhandledrejection",function(event){say("error",("Unhandled rejection: "+words([event.reason])).slice(0,most))});
addEventListener("message",function(event){
var data=event.data;
if(event.source!==up||!data||data.mark!==mark||origins.indexOf(event.origin)<0)return;
event.stopImmediatePropagation();
if(data.kind==="hello"&&!target){target=event.origin;waiting.splice(0).forEach(put);if(dropped)put({kind:"dropped",count:dropped})}
if(data.kind==="reload")location.reload();
if(data.kind==="styles")document.querySelectorAll('link[rel~="stylesheet"]').forEach(function(link){
var url=new URL(link.href,location.href);if(url.href.indexOf(base)!==0)return;url.searchParams.set("atelier",Date.now());link.href=url.href})});
function moved(){put({kind:"moved",path:here()})}
addEventListener("hashchange",moved);addEventListener("popstate",moved);
["pushState","replaceState"].forEach(function(name){var real=history[name];history[name]=function(){var given=real.apply(history,arguments);moved();return given}});
post({mark:mark,kind:"ready",path:here()},"*");
})`;

/** JSON inside a script element: no `<` that could end it. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll("<", String.raw`\u003c`);

/**
 * The text of the script element, on one line so that lines of the page keep their numbers.
 * @param options.origins whose pages may frame the preview @param options.base address of the project's folder
 */
export const pageScript = (options: { readonly origins: readonly string[]; readonly base: string }): string =>
  `${SOURCE.replaceAll("\n", "")}(${inScript(options.origins)},${inScript(options.base)},${inScript(PREVIEW_MARK)},${MAX_PREVIEW_MESSAGE_CHARACTERS})`;

/** For a policy's `script-src`. */
export const scriptHash = (script: string): string =>
  `'sha256-${createHash("sha256").update(script).digest("base64")}'`;

/** A document type at the beginning, after comments; without one the script is the first thing of the page. */
const DOCTYPE = /^(?:\ufeff)?(?:\s|<!--[\s\S]*?-->|<\?xml[^>]*\?>)*<!doctype[^>]*>/iu;
const SEARCHED_BYTES = 4096;

/** Puts the script after the document type: before it, the browser would use its rules for old pages. */
export const withScript = (html: Uint8Array, script: string): Uint8Array => {
  const head = Buffer.from(html.subarray(0, SEARCHED_BYTES)).toString("latin1");
  // Two bytes a character: left alone.
  if (/^(?:\u00fe\u00ff|\u00ff\u00fe)/u.test(head)) return html;
  const start = head.startsWith("\u00ef\u00bb\u00bf") ? 3 : 0;
  const end = start + (DOCTYPE.exec(head.slice(start))?.[0].length ?? 0);
  return Buffer.concat([html.subarray(0, end), Buffer.from(`<script>${script}</script>`), html.subarray(end)]);
};
